"""The cleaning scripts that mappings name: one value in, one out, None for nothing. They never fail; the only
error is UnfitError for bytes that are no text. Dates stand in `transformer.scripts.dates`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TypeAlias

from transformer.values import Value, text_of

Cleaning: TypeAlias = Callable[[Value], Value]

_PREFIX = re.compile(r"(?:HL7|UMLS|LOINC|ATC|FINESS|MedDRA|CIM10|RECIST|OSIRIS|ICDO3|ICD-O-3)\s*:\s*")
_QUANTITY = re.compile(r"[+-]?(?:[0-9]{1,100}(?:[.,][0-9]{1,100})?|[.,][0-9]{1,100})")
_PLAIN = r"(?:[0-9]{1,100}(?:\.[0-9]{1,100})?|\.[0-9]{1,100})"
_NUMBER = re.compile(_PLAIN)
_RANGE = re.compile(rf"({_PLAIN})\s*[-\u2013]\s*({_PLAIN})")
_PHONE = re.compile(r"(?:(?:\+|00)33(?:\(0\))?|0)?([1-9][0-9]{8})")
_ICD9 = re.compile(r"([0-9]{3}|V[0-9]{2}|E[0-9]{3})([0-9]{1,2})")
_PHONE_MARKS = str.maketrans("", "", " .-/\u00a0\u202f\t")
# A document of the word processor starts with bytes of its own up to a font mark, or with single letters
# between control characters; afterwards `\m1` and the like switch the style.
_ORBIS_FONT = re.compile(r"\\f:[0-9]{1,6}\\?")
_ORBIS_HEAD = re.compile(r"(?:[\x00-\x08\x0b\x0c\x0e-\x1f]+.(?=[\x00-\x08\x0b\x0c\x0e-\x1f]))+", re.DOTALL)
_ORBIS_STYLE = re.compile(r"\\m[0-9]")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ORBIS_LOOK = 512  # characters from the start within which the font mark stands


def table(codes: Mapping[str, Value], *, otherwise: Value = None, empty: Value = None) -> Cleaning:
    """A script that looks a stripped text up. Numbers are looked up by their digits."""

    def look_up(value: Value) -> Value:
        text = text_of(value)
        return empty if text is None else codes.get(text.strip(), otherwise)

    return look_up


def strip(value: Value) -> Value:
    """Without the blanks around it."""
    text = text_of(value)
    return None if text is None else text.strip()


def make_title(value: Value) -> Value:
    """Title case, stripped."""
    text = text_of(value)
    return None if text is None else text.strip().title()


def clean_codes(value: Value) -> Value:
    """Without a terminology's name and colon in front."""
    text = text_of(value)
    return None if text is None else text_of(_PREFIX.sub("", text.strip(), count=1))


def clean_phone(value: Value) -> Value:
    """French numbers as pairs, national form (`06 12 34 56 78`); any other only stripped."""
    text = text_of(value)
    if text is None:
        return None
    match = _PHONE.fullmatch(text.translate(_PHONE_MARKS))
    if match is None:
        return text.strip()
    digits = "0" + match[1]
    return " ".join(digits[start : start + 2] for start in range(0, 10, 2))


def clean_quantity(value: Value) -> Value:
    """A decimal, a comma taken for its point; else nothing."""
    if isinstance(value, bool):
        return None
    text = text_of(value)
    if text is None or not _QUANTITY.fullmatch(text := text.strip()):
        return None
    return text.replace(",", ".")


def plain_number(value: Value) -> Value:
    """The number that a text is, digits with at most a point; else nothing. A comma may stand between thousands or
    before decimals, and a dose must not be guessed: `5,000` is no plain number."""
    if isinstance(value, bool):
        return None
    text = text_of(value)
    return text if text is not None and _NUMBER.fullmatch(text := text.strip()) else None


def range_low(value: Value) -> Value:
    """The first of two plain numbers with a dash between them, the lower one first: 1 of `1-2`; else nothing."""
    return _bound(value, 1)


def range_high(value: Value) -> Value:
    """The second of such two: 2 of `1-2`; else nothing."""
    return _bound(value, 2)


def _bound(value: Value, which: int) -> Value:
    text = text_of(value)
    match = _RANGE.fullmatch(text.strip()) if text is not None else None
    return match[which] if match is not None and Decimal(match[1]) <= Decimal(match[2]) else None


def clean_long_text_orbis(value: Value) -> Value:
    """Plain text of the ORBIS word processor: without its head, style marks and control characters, CR as LF."""
    text = text_of(value)
    if text is None:
        return None
    font = _ORBIS_FONT.search(text, 0, _ORBIS_LOOK)
    text = text[font.end() :] if font is not None else _ORBIS_HEAD.sub("", text, count=1)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text_of(_CONTROLS.sub("", _ORBIS_STYLE.sub("", text)))


def code_to_empty(value: Value) -> Value:
    """Nothing for -1 and (sans)."""
    text = text_of(value)
    return None if text is None or text.strip() in ("-1", "(sans)") else value


def zero_to_empty(value: Value) -> Value:
    """Nothing for 0."""
    text = text_of(value)
    return None if text is None or text.strip() == "0" else value


def dot_icd9(value: Value) -> Value:
    """ICD-9-CM diagnoses with the point that FHIR wants and billing systems leave out: 4019 is 401.9, E8788 is
    E878.8. What is not such a code comes back unchanged."""
    text = text_of(value)
    match = _ICD9.fullmatch(text) if text is not None else None
    return text if match is None else f"{match[1]}.{match[2]}"


CLEANING: Mapping[str, Cleaning] = {
    "binary_to_bool_1": table({"0": False, "1": True, "false": False, "true": True}),
    "binary_to_bool_2": table({"0": True, "1": False}),
    "clean_address": make_title,
    "clean_codes": clean_codes,
    "clean_long_text_ORBIS": clean_long_text_orbis,
    "clean_phone": clean_phone,
    "clean_quantity": clean_quantity,
    "code_to_empty": code_to_empty,
    "dot_icd9": dot_icd9,
    "make_title": make_title,
    "map_2_true": table({"2": True}),
    "map_deceased": table({"O": True, "N": False}),
    "map_family_situation": table(
        {"M": "Marié(e)", "C": "Célibataire", "V": "Veuvage", "D": "Divorcé(e)", "O": "Pacsé(e)"}
    ),
    "map_gender": table({"M": "male", "F": "female", "HL7:M": "male", "HL7:F": "female"}, otherwise="unknown"),
    "map_gender_numeric": table({"1": "male", "2": "female"}, otherwise="unknown", empty="unknown"),
    "map_intent": table({"0": "plan", "1": "order"}, empty="proposal"),
    "map_marital_status": table(
        {"MARRIED": "M", "SINGLE": "U", "WIDOWED": "W", "SEPARATED": "L", "DIVORCED": "D"},
        otherwise="UNK",
        empty="UNK",
    ),
    "map_permission": table({"UMLS:C1298907": "permit", "UMLS:C1298908": "deny"}),
    "map_priority": table({"1": "stat", "2": "asap", "3": "urgent"}, otherwise="routine", empty="routine"),
    "map_status": table({"0": "active", "1": "inactive"}, otherwise="unknown", empty="unknown"),
    "plain_number": plain_number,
    "range_high": range_high,
    "range_low": range_low,
    "string_to_bool": table({"True": True, "true": True, "TRUE": True, "False": False, "false": False, "FALSE": False}),
    "strip": strip,
    "zero_to_empty": zero_to_empty,
}
