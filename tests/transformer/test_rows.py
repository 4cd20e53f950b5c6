"""What the rows of a record make: elements of lists, each once, in order."""

from __future__ import annotations

from tests.transformer.building import Engine, attribute, read, static


def test_lists_of_equal_length_make_one_element_a_row(engine: Engine) -> None:
    made = engine.patient(
        attribute("identifier[0].system", static("urn:a")),
        attribute("identifier[0].value", read("v")),
        attribute("identifier[0].period.start", read("d")),
        v=["1", "2"],
        d=["2020", "2021"],
    )
    assert made["identifier"] == [
        {"system": "urn:a", "value": "1", "period": {"start": "2020"}},
        {"system": "urn:a", "value": "2", "period": {"start": "2021"}},
    ]


def test_a_single_value_stands_in_every_row(engine: Engine) -> None:
    made = engine.patient(
        attribute("identifier[0].value", read("v")), attribute("identifier[0].use", read("u")), v=["1", "2"], u=["old"]
    )
    assert made["identifier"] == [{"use": "old", "value": "1"}, {"use": "old", "value": "2"}]


def test_other_lengths_are_refused(engine: Engine) -> None:
    error = engine.refusal(
        attribute("identifier[0].value", read("v")), attribute("identifier[0].use", read("u")),
        v=["1", "2", "3"], u=["old", "old"],
    )  # fmt: skip
    assert error.reason == "unequal-lengths"
    assert str(error) == "column t.u has 2 values where others have 3"


def test_a_column_that_is_not_there_is_told(engine: Engine) -> None:
    error = engine.refusal(attribute("identifier[0].value", read("v")), attribute("birthDate", read("dob")), v="1")
    assert error.reason == "missing-column"
    assert "t_dob" in str(error)


def test_equal_elements_are_kept_once_by_first_occurrence(engine: Engine) -> None:
    made = engine.patient(
        attribute("name[0].given[0]", read("g")), attribute("name[0].given[1]", static("B")), g=["C", "A", "C", None]
    )
    assert made == {"name": [{"given": ["C", "A", "B"]}]}
    assert engine.patient(
        attribute("name[0].given[0]", read("g")), attribute("name[0].given[1]", static("B")), g="B"
    ) == {"name": [{"given": ["B"]}]}


def test_what_joins_repeat_is_one(engine: Engine) -> None:
    """Two addresses and two phones joined to one patient come as four rows."""
    made = engine.patient(
        attribute("birthDate", read("dob")),
        attribute("address[0].city", read("city")),
        attribute("telecom[0].value", read("phone")),
        dob=["2000"] * 4,
        city=["Paris", "Paris", "Lyon", "Lyon"],
        phone=["1", "2", "1", "2"],
    )
    assert made == {
        "telecom": [{"value": "1"}, {"value": "2"}],
        "birthDate": "2000",
        "address": [{"city": "Paris"}, {"city": "Lyon"}],
    }


def test_lists_in_lists_gather_the_rows_of_their_element(engine: Engine) -> None:
    made = engine.patient(
        attribute("name[0].family", read("f")), attribute("name[0].given[0]", read("g")),
        f=["Doe", "Doe", "Roe"], g=["Jane", "Ann", "Jane"],
    )  # fmt: skip
    assert made["name"] == [{"family": "Doe", "given": ["Jane", "Ann"]}, {"family": "Roe", "given": ["Jane"]}]


def test_a_list_of_several_templates_keeps_what_came_first(engine: Engine) -> None:
    made = engine.patient(
        attribute("identifier[0].value", read("a")), attribute("identifier[1].value", read("b")),
        a=["1", "2", None], b=["3", "1", "2"],
    )  # fmt: skip
    assert [one["value"] for one in made["identifier"]] == ["1", "2", "3"]


def test_a_record_of_very_many_rows_is_mapped_in_no_time(engine: Engine) -> None:
    many = 20_000
    made = engine.patient(
        attribute("identifier[0].value", read("a")), attribute("identifier[1].value", read("b")),
        a=[f"a{number}" for number in range(many)], b=[f"b{number}" for number in range(many)],
    )  # fmt: skip
    assert len(made["identifier"]) == 2 * many


def test_several_different_values_of_a_single_element_are_refused(engine: Engine) -> None:
    error = engine.refusal(attribute("birthDate", read("dob")), dob=["2000", "2001"])
    assert error.reason == "several-values"
    assert str(error) == "Patient.birthDate has several different values, and is no list in R4, from column t.dob"


def test_an_empty_row_beside_a_value_does_no_harm(engine: Engine) -> None:
    assert engine.patient(attribute("birthDate", read("dob")), dob=[None, "2000", ""]) == {"birthDate": "2000"}


def test_a_record_without_rows_is_a_record_without_values(engine: Engine) -> None:
    assert engine.patient(attribute("birthDate", read("dob")), dob=[]) == {}
