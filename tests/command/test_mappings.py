"""`./firth mapping` at a desk, without a stack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from command.mappings import commands
from command.mappings.difference import Change, changes
from command.mappings.examples import differences
from command.stack import downloads
from command.stack.trouble import Trouble
from mapping import pyrog
from mapping.document import dump
from tests.api.serving import FhirServer, serving
from tests.mapping.documents import attribute, condition, document, filtered, join, resource, sql, static
from tests.pipeline.answering import answering

runner = CliRunner()


def on(*arguments: str | Path) -> tuple[int, str]:
    """A command's exit code and what it wrote."""
    with commands.out.capture() as written:
        result = runner.invoke(commands.app, [str(one) for one in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, written.get() + result.output


@pytest.fixture
def mapping_file(tmp_path: Path) -> Path:
    """The mapping of a gender, with one example that is right."""
    if not downloads.DEFINITIONS.exists():
        pytest.skip("the table of FHIR R4 elements is not built: ./firth up builds it")
    file = tmp_path / "patients.json"
    gender = attribute("gender", sql("sex", conceptMapId="m"), type="code")
    codes = {"id": "m", "title": "sex", "codes": {"F": "female"}}
    file.write_text(json.dumps(document(resource(gender), conceptMaps=[codes])))
    (tmp_path / "patients.examples").mkdir()
    example(file, "female", rows=[{"patients.subject_id": 1, "patients.sex": "F"}], expected=expected("female"))
    return file


def expected(gender: str) -> dict[str, Any]:
    tags = "http://terminology.arkhn.org/CodeSystem/"
    return {
        "resourceType": "Patient",
        "id": "fb4a9eb9-25e8-57cf-abb2-2868e4b0263f",
        "meta": {
            "source": "urn:firth:source:mimic",
            "tag": [{"system": f"{tags}source", "code": "mimic"}, {"system": f"{tags}resource", "code": "patients"}],
        },
        "gender": gender,
    }


def example(mapping: Path, name: str, **more: Any) -> None:
    file = mapping.with_suffix(".examples") / f"{name}.json"
    file.write_text(json.dumps({"resource_id": "patients", "about": f"shows {name}", **more}))


def test_a_mapping_without_mistakes_is_valid(mapping_file: Path) -> None:
    assert on("validate", mapping_file)[0] == 0


def test_every_mistake_is_shown_with_its_place_and_path(mapping_file: Path) -> None:
    mapping_file.write_text(json.dumps(document(resource(attribute("gendre", sql("sex")), attribute("x", sql("y"))))))
    code, written = on("validate", mapping_file)
    assert code == 1
    assert "Patient.gendre: FHIR R4 has no gendre in Patient" in written
    assert "resources[0].attributes[1].path" in written


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b'{"resources": ['])
def test_a_file_that_holds_no_object_is_told(mapping_file: Path, content: bytes) -> None:
    mapping_file.write_bytes(content)
    with pytest.raises(Trouble, match=r"patients\.json: (is not JSON|must be a JSON object)"):
        on("validate", mapping_file)


def test_concept_maps_that_are_not_in_the_file_are_the_fhir_servers(
    mapping_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gender = attribute("gender", sql("sex", conceptMapId="m"), type="code")
    mapping_file.write_text(json.dumps(document(resource(gender))))
    assert on("validate", mapping_file)[0] == 1
    with serving(FhirServer().app) as url:
        monkeypatch.setenv("FHIR_API_URL", f"{url}/fhir")
        assert on("validate", mapping_file)[0] == 0


def test_examples_that_come_out_as_expected_pass(mapping_file: Path) -> None:
    code, written = on("test", mapping_file)
    assert (code, "1 of 1 examples as expected" in written) == (0, True), written


def test_an_example_that_comes_out_otherwise_is_shown_with_the_difference(mapping_file: Path) -> None:
    example(mapping_file, "other", rows=[{"patients.subject_id": 1, "patients.sex": "F"}], expected=expected("other"))
    code, written = on("test", mapping_file)
    assert code == 1
    assert 'gender: is "female", and should be "other"' in written
    assert "1 of 2 examples as expected" in written


def test_a_record_that_must_be_refused_may_be_an_example(mapping_file: Path) -> None:
    sentence = "Patient.gender has a code that concept map 'sex' does not have, from column patients.sex"
    refused = {"reason": "unmapped-code", "sentence": sentence}
    example(mapping_file, "unknown", rows=[{"patients.subject_id": 1, "patients.sex": "X"}], refused=refused)
    assert on("test", mapping_file)[0] == 0
    example(mapping_file, "known", rows=[{"patients.subject_id": 1, "patients.sex": "F"}], refused=refused)
    assert "is not refused" in on("test", mapping_file)[1]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rows": []}, "rows: must be a list of at least one object"),
        ({"rows": [{"patients.subject_id": 1}]}, "rows[0]: patients.sex is missing"),
        ({"rows": [{"patients.subject_id": 1, "patients.sex": "F", "patients.dob": "x"}]},
         "rows[0]: patients.dob is not read by the mapping"),
        ({"rows": [{"patients.subject_id": None, "patients.sex": "F"}]}, "rows: the key is null"),
        ({"resource_id": "nobody"}, "resource_id: is no resource of the mapping (has: patients)"),
        ({"rows": [{"patients.subject_id": 1, "patients.sex": "F"}]}, '"gender": "female"'),
    ],
)  # fmt: skip
def test_an_example_that_does_not_fit_is_told(mapping_file: Path, given: dict[str, Any], said: str) -> None:
    example(mapping_file, "odd", **given)
    code, written = on("test", mapping_file)
    assert code == 1
    assert said in written


def test_differences_are_told_place_by_place() -> None:
    wanted = {"a": 1, "b": [1, {"c": True}], "d": "x"}
    made = {"a": 1, "b": [1, {"c": 1}, 2], "e": None}
    assert list(differences(wanted, made)) == [
        "b[1].c: is 1, and should be true",
        "b[2]: is 2, and should not be there",
        'd: is not there, and should be "x"',
        "e: is null, and should not be there",
    ]


def test_changes_of_a_mapping_are_told_in_words() -> None:
    way = join("patients.subject_id", "admissions.subject_id")
    gender = sql("sex", way, table="admissions", script="strip")
    before = pyrog.read(document(resource(attribute("gender", static("male")), label="old")))
    after = pyrog.read(
        document(
            resource(
                attribute("gender", gender, conditions=[condition("EQ", "1", "EXCLUDE", script="strip")]),
                label="",
                filters=[filtered("=", "1")],
            ),
            conceptMaps=[{"id": "m", "codes": {"F": "female"}}],
        )
    )
    way_in_words = "public.admissions.sex via patients.subject_id = admissions.subject_id"
    assert list(changes(before, after)) == [
        Change("patients", "filters", None, "public.patients.dob = 1"),
        Change("patients", "gender", '"male"', f"{way_in_words} | strip if not public.patients.flag | strip EQ 1"),
        Change("patients", "label", "old", None),
        Change("concept map m", "F", None, "female"),
    ]
    assert not list(changes(after, after))


def test_two_files_are_compared(mapping_file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text(json.dumps(document(resource(attribute("gender", static("female"), type="code")))))
    code, written = on("diff", mapping_file, other)
    assert code == 1
    assert '- "female"' in written
    assert on("diff", mapping_file, mapping_file) == (0, "no difference\n")


@pytest.fixture
def api_answers(mapping_file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, tuple[int, bytes]]]:
    """What an api answers that has the mapping of the file."""
    held = pyrog.read(json.loads(mapping_file.read_bytes()))
    told = [{"path": "resources[0]", "place": "", "reason": "is told"}]
    resources = [{"id": "patients", "resource_type": "Patient", "label": "all patients"}]
    answers = {
        "/mappings": (200, json.dumps({"id": "mimic", "resources": resources, "told": told, "mappings": [
            {"id": "mimic"}]}).encode()),
        "/mappings/mimic": (200, b'{"document": ' + dump(held) + b"}"),
    }  # fmt: skip
    with answering(answers) as (url, came):
        monkeypatch.setenv("API_URL", url)
        monkeypatch.setenv("API_TOKEN", "planted-token")
        yield answers
    assert {token for _, token in came} == {"Bearer planted-token"}


def test_an_imported_mapping_is_shown_with_its_resources_and_what_there_is_to_know(
    mapping_file: Path, api_answers: dict[str, tuple[int, bytes]]
) -> None:
    code, written = on("import", mapping_file)
    assert code == 0
    assert [line.strip() for line in written.splitlines() if line.strip()][:1] == ["· resources[0]: is told"]
    assert "imported as mimic" in written
    assert "all patients" in written


def test_a_mapping_that_the_api_refuses_is_told_with_all_mistakes(
    mapping_file: Path, api_answers: dict[str, tuple[int, bytes]]
) -> None:
    mistakes = [{"path": "p", "place": f"Patient.{name}", "reason": "is wrong"} for name in "abcd"]
    api_answers["/mappings"] = (422, json.dumps({"detail": "4 mistakes", "mistakes": mistakes}).encode())
    with pytest.raises(Trouble, match="422: 4 mistakes") as caught:
        on("import", mapping_file)
    assert caught.value.log == tuple(f"Patient.{name}: is wrong" for name in "abcd")


def test_a_mapping_of_the_apis_is_printed_in_a_form_that_is_read_again(
    mapping_file: Path, api_answers: dict[str, tuple[int, bytes]]
) -> None:
    code, written = on("export", "mimic")
    assert code == 0
    exported = mapping_file.with_name("exported.json")
    exported.write_text(written)
    assert on("diff", exported, mapping_file) == (0, "no difference\n")
    with pytest.raises(Trouble, match="has no mapping of source other"):
        on("export", "other")


def test_a_file_is_compared_with_what_the_api_has(
    mapping_file: Path, api_answers: dict[str, tuple[int, bytes]]
) -> None:
    assert on("diff", mapping_file) == (0, "no difference\n")
    changed = document(resource(attribute("gender", static("female"), type="code")))
    mapping_file.write_text(json.dumps(changed))
    assert '+ "female"' in on("diff", mapping_file)[1]
    mapping_file.write_text(json.dumps(changed | {"source": {"id": "other", "name": ""}}))
    with pytest.raises(Trouble, match="has no mapping of source other"):
        on("diff", mapping_file)
