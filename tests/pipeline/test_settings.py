from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import Misconfigured
from pipeline.service_settings import ApiClientSettings, KafkaSettings, WorkerSettings
from pipeline.settings import Secret, Settings, describe, setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner(Settings):
    level: Literal["low", "high"] = setting("LEVEL", "low", about="low or high")


@dataclass(frozen=True, slots=True, kw_only=True)
class Example(Settings):
    inner: Inner = field(default_factory=Inner)
    name: str = setting("NAME", about="what it is called")
    count: int = setting("COUNT", 3, about="how many", minimum=1, maximum=9)
    share: float | None = setting("SHARE", None, about="which part")
    on: bool = setting("ON", False, about="whether")
    where: Path | None = setting("WHERE", None, about="folder")
    names: tuple[str, ...] = setting("NAMES", ("a", "b"), about="some")
    key: Secret | None = setting("KEY", None, about="a secret")


def mistakes_of(environ: dict[str, str], settings: type[Settings] = Example) -> list[str]:
    with pytest.raises(Misconfigured) as caught:
        settings.from_environment(environ)
    return str(caught.value).splitlines()


def test_each_type_is_read() -> None:
    environ = {"NAME": "n", "COUNT": "7", "SHARE": "0.5", "ON": "yes", "WHERE": "/x", "NAMES": "c, d,", "LEVEL": "high"}
    read = Example.from_environment({**environ, "KEY": "k"})
    assert read == Example(
        name="n",
        count=7,
        share=0.5,
        on=True,
        where=Path("/x"),
        names=("c", "d"),
        key=Secret("k"),
        inner=Inner(level="high"),
    )


def test_what_is_not_given_or_empty_has_its_default() -> None:
    assert Example.from_environment({"NAME": "n", "COUNT": "", "LEVEL": " "}) == Example(name="n")


def test_all_mistakes_are_told_at_once_a_sentence_each() -> None:
    found = mistakes_of({"COUNT": "many", "SHARE": "half", "ON": "maybe", "LEVEL": "middle"})
    assert found == [
        "LEVEL must be one of low, high",
        "NAME is not set: what it is called",
        "COUNT must be a whole number",
        "SHARE must be a number",
        "ON must be true or false",
    ]


@pytest.mark.parametrize("count", ["0", "10"])
def test_a_number_out_of_range_is_told_its_range(count: str) -> None:
    assert mistakes_of({"NAME": "n", "COUNT": count}) == ["COUNT must be a whole number in the range 1 to 9"]


def test_not_a_number_is_in_no_range() -> None:
    assert mistakes_of({"NAME": "n", "COUNT": "nan"}) == ["COUNT must be a whole number"]


def test_a_value_can_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("from the file\n")
    assert Example.from_environment({"NAME": "n", "KEY_FILE": str(file)}).key == Secret("from the file")


def test_a_file_that_cannot_be_read_is_a_mistake_and_so_are_value_and_file_together(tmp_path: Path) -> None:
    found = mistakes_of({"NAME": "n", "NAME_FILE": "x", "KEY_FILE": str(tmp_path / "none")})
    assert found == [
        "NAME and NAME_FILE are both set: unset one",
        "KEY cannot be read from the file that KEY_FILE names: FileNotFoundError",
    ]


@given(
    st.text(min_size=5).filter(lambda text: text.strip() and text not in "must be a whole number in the range 1 to 9")
)
def test_no_mistake_quotes_a_value(text: str) -> None:
    for name in ("COUNT", "SHARE", "ON", "LEVEL"):
        if name == "SHARE" and text.strip().lstrip("+-").lower() in ("infinity",):
            continue
        try:
            Example.from_environment({"NAME": "n", name: text})
        except Misconfigured as error:
            assert text not in str(error)  # noqa: PT017 — most texts are mistakes, some are numbers


def test_a_secret_is_masked_wherever_it_is_shown() -> None:
    settings = KafkaSettings(sasl_password=Secret("open sesame"))
    assert "sesame" not in f"{settings!r} {settings.sasl_password} {settings.sasl_password!r}"
    assert Secret("a") == Secret("a") != Secret("b")
    with pytest.raises(TypeError):
        pickle.dumps(Secret("a"))


def test_settings_that_contradict_each_other_are_mistakes() -> None:
    assert mistakes_of({"KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "WORKER_SLOT": "a b"}, WorkerSettings) == [
        "KAFKA_SECURITY_PROTOCOL SASL_SSL needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD",
        "WORKER_SLOT must be letters, digits, dots, dashes and underscores, at most 100",
    ]


def test_every_setting_can_be_listed_without_its_secrets() -> None:
    listed = {each.name: each for each in describe(Example)}
    assert list(listed) == ["LEVEL", "NAME", "COUNT", "SHARE", "ON", "WHERE", "NAMES", "KEY"]
    assert listed["NAME"].required
    assert not listed["KEY"].required
    assert listed["KEY"].secret
    assert {name: each.default for name, each in listed.items()} == {
        "LEVEL": "low", "NAME": None, "COUNT": "3", "SHARE": None, "ON": "false", "WHERE": None, "NAMES": "a,b",
        "KEY": None,
    }  # fmt: skip


def test_every_setting_of_a_worker_says_what_it_is_about() -> None:
    listed = describe(WorkerSettings) + describe(ApiClientSettings)
    assert all(each.about for each in listed)
    assert len({each.name for each in listed}) == len(listed)
