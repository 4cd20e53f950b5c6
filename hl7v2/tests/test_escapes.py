"""Escape sequences, decoded once and only once."""

from __future__ import annotations

import pytest
from hl7v2.escapes import escape, unescape
from hypothesis import given
from hypothesis import strategies as st

from hl7v2 import STANDARD, Delimiters, parse


@pytest.mark.parametrize(
    ("escaped", "text"),
    [
        (r"a\F\b\S\c\T\d\R\e\E\f\P\g", r"a|b^c&d~e\f#g"),
        (r"\E\F\E\ ", r"\F\ "),  # two passes would make it "| "
        (r"\X0D0A\\X41\\X41424344\ ", "\r\nAABCD "),
        (r"\XC3A9\ \XE9\ ", "é é "),
        (r"one\.br\two\.sp2\three\.sp\four", "one\ntwo\n\nthree\nfour"),
        (r"a\.sk 3\b\.in+4\c\.ti-2\d\.fi\e\.nf\f\.ce\g", "a   bcdef\ng"),
        (r"not \H\loud\N\ at all", "not loud at all"),
        (r"\Zab1\ stays", r"\Zab1\ stays"),
        (r"C:\temp\logs", r"C:\temp\logs"),
        (r"C:\F\new", "C:|new"),
        (r"\temp\F\x", r"\temp|x"),
        ("ends in \\", "ends in \\"),
        ("\\", "\\"),
        (r"\\", r"\\"),
        (r"\X4\ \XZZ\ \x41\ ", r"\X4\ \XZZ\ \x41\ "),
    ],
)
def test_sequences_are_decoded_and_the_rest_is_text(escaped: str, text: str) -> None:
    assert unescape(escaped) == text


def test_other_escape_characters_are_obeyed() -> None:
    delimiters = Delimiters(field="#", component="*", repetition="+", escape="!", subcomponent="%", truncation="?")
    assert unescape(r"!F!!S!!R!!E!!T!!P!\F\ ", delimiters) == r"#*+!%?\F\ "
    assert parse("MSH#*+!%#\rPID#1##a!S!b")["PID-3"] == "a*b"


def test_text_after_a_character_set_sequence_is_read_in_that_set() -> None:
    assert unescape("\\M2442\\;3ED\\C2842\\ Taro") == "山田 Taro"
    assert unescape("\\C2D4C\\°ÝÝÐ\\C2842\\.", encoding="latin-1") == "Анна."
    assert unescape("\\M242943\\È«\\C2842\\", encoding="latin-1") == "홍"
    assert unescape("\\C2D41\\東") == "東", "what does not fit the set is left"
    assert unescape("\\C9999\\text") == "text"


texts = st.text(alphabet=st.one_of(st.sampled_from("|^~\\&#FSTREPXHN.Z09brsp\r\n\x0b\x1c"), st.characters()))
delimiters = st.permutations("|^~\\&#*!$%").map(lambda order: Delimiters(*order[:6]))


@given(texts, st.one_of(st.just(STANDARD), delimiters))
def test_what_was_escaped_decodes_to_itself(text: str, delimiters: Delimiters) -> None:
    escaped = escape(text, delimiters)
    assert unescape(escaped, delimiters) == text
    assert not set(escaped) & {*"\r\n\x0b\x1c", *delimiters} - {delimiters.escape}


@given(texts, st.sampled_from(["utf-8", "latin-1", "iso2022_jp", "gb18030"]))
def test_any_text_decodes_to_something(text: str, encoding: str) -> None:
    assert isinstance(unescape(text, encoding=encoding), str)


def test_millions_of_escape_characters_take_no_longer_than_their_number() -> None:
    assert unescape("\\" * 2_000_000 + "F\\") == "\\" * 1_999_999 + "|"
