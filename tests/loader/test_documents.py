from __future__ import annotations

import json
from decimal import Decimal

import pytest
from bson.decimal128 import Decimal128
from hypothesis import given
from hypothesis import strategies as st

from loader.documents import document
from pipeline.errors import InvalidRecord

NUMBERS = st.integers(-(10**17), 10**17) | st.decimals(allow_nan=False, allow_infinity=False, places=3).filter(
    lambda number: len(number.as_tuple().digits) <= 34
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


def plain(value: object) -> object:
    """A document with its decimals as text, so that 1.50 and 1.5 differ."""
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, Decimal128):
        return str(value.to_decimal())
    return str(value) if isinstance(value, Decimal) else value


def dumps(value: object) -> bytes:
    """JSON with decimals as they are written."""
    if isinstance(value, dict):
        return b"{" + b",".join(json.dumps(name).encode() + b":" + dumps(inner) for name, inner in value.items()) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(dumps(inner) for inner in value) + b"]"
    return str(value).encode() if isinstance(value, Decimal) else json.dumps(value).encode()


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=5))
def test_a_document_says_what_the_json_says(value: dict[str, object]) -> None:
    assert plain(document(dumps(value))) == plain(value)


def test_the_precision_of_a_decimal_is_kept() -> None:
    read = document(b'{"value":1.50,"low":0.010,"high":-2E+3,"list":[1.0]}')
    assert {name: str(value) for name, value in read.items() if name != "list"} == {
        "value": "1.50",
        "low": "0.010",
        "high": "-2E+3",
    }
    assert read["list"] == [Decimal128("1.0")]


def test_whole_numbers_dates_and_texts_that_look_like_numbers_stay_as_they_are() -> None:
    assert document(b'{"a":5,"b":"2150-01-02","c":":1.5","d":true,"e":null}') == {
        "a": 5,
        "b": "2150-01-02",
        "c": ":1.5",
        "d": True,
        "e": None,
    }


def test_an_integer_beyond_64_bits_is_kept_as_a_decimal() -> None:
    assert document(b'{"a":100000000000000000001}') == {"a": Decimal128("100000000000000000001")}


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b'"a"', b"{", b'{"a":NaN}', b'{"a":1.5,"b":Infinity}', b"\xff", b'{"a":' * 3000 + b"1" + b"}" * 3000],
)
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRecord, match="body is not"):
        document(body)


def test_a_number_with_more_digits_than_can_be_kept_is_refused_rather_than_rounded() -> None:
    with pytest.raises(InvalidRecord, match="34 digits") as raised:
        document(b'{"value":0.' + b"123456789" * 5 + b"}")
    assert "123456789" not in str(raised.value)
