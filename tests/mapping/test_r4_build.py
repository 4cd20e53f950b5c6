"""The table of elements, built from definitions in the form in which HL7 publishes them."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from mapping import r4_build
from mapping.r4 import Definitions

BUNDLE = '<Bundle xmlns="http://hl7.org/fhir">{}</Bundle>'
STRING = """<type><extension url="http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type">
  <valueUrl value="string"/></extension><code value="http://hl7.org/fhirpath/System.String"/></type>"""


def entry(resource: str) -> str:
    return f"<entry><resource>{resource}</resource></entry>"


def element(path: str, *types: str, low: int = 0, high: str = "1", more: str = "") -> str:
    kinds = "".join(f'<type><code value="{name}"/></type>' for name in types)
    return f'<element><path value="{path}"/><min value="{low}"/><max value="{high}"/>{kinds}{more}</element>'


def structure(name: str, kind: str, *elements: str, derivation: str = "specialization", abstract: str = "false") -> str:
    return entry(
        f"""<StructureDefinition><url value="http://hl7.org/fhir/StructureDefinition/{name}"/><kind value="{kind}"/>
        <abstract value="{abstract}"/><type value="{name}"/><derivation value="{derivation}"/>
        <snapshot>{element(name)}{"".join(elements)}</snapshot></StructureDefinition>"""
    )


BOUND = '<binding><strength value="required"/><valueSet value="urn:genders|4.0.1"/></binding>'
LANGUAGES = '<binding><strength value="required"/><valueSet value="urn:languages"/></binding>'
TO_DOCTOR = """<type><code value="Reference"/>
  <targetProfile value="http://hl7.org/fhir/StructureDefinition/Practitioner"/></type>"""
DATE = """<element><path value="date.value"/><min value="0"/><max value="1"/><type><extension
  url="http://hl7.org/fhir/StructureDefinition/regex"><valueString value="[0-9]{4}"/></extension></type></element>"""

FILES = {
    "profiles-types.xml": structure("date", "primitive-type", DATE)
    + structure("code", "primitive-type")
    + structure("string", "primitive-type")
    + structure("Reference", "complex-type", element("Reference.display", "string"))
    + structure("Money", "complex-type", element("Money.value", "string"), derivation="constraint"),
    "profiles-resources.xml": structure("Resource", "resource", element("Resource.id", more=STRING), abstract="true")
    + structure(
        "Patient",
        "resource",
        element("Patient.id", more=STRING),
        element("Patient.gender", "code", more=BOUND),
        element("Patient.language", "code", more=LANGUAGES),
        element("Patient.died[x]", "date", "string"),
        element("Patient.contact", "BackboneElement", high="*"),
        element("Patient.contact.name", "string", low=1, high="2"),
        element("Patient.contact.contact", high="*", more='<contentReference value="#Patient.contact"/>'),
        element("Patient.doctor", more=TO_DOCTOR),
    ),
    "valuesets.xml": entry(
        """<ValueSet><url value="urn:genders"/><compose><include><system value="urn:g"/>
        <concept><code value="male"/></concept></include></compose></ValueSet>"""
    ),
    "v2-tables.xml": "",
    "v3-codesystems.xml": "",
}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("r4")
    jar, table = folder / "definitions.jar", folder / "new" / "r4.json"
    with zipfile.ZipFile(jar, "w") as archive:
        for name, text in FILES.items():
            archive.writestr(f"org/hl7/{name}", BUNDLE.format(text))
    assert r4_build.main([str(jar), str(table)]) == 0
    return table


def test_types_and_their_elements_are_kept_and_profiles_are_not(table: Path) -> None:
    definitions = Definitions.load(table)
    assert definitions.resources == {"Patient"}
    assert definitions.primitives == {"code": None, "date": "[0-9]{4}", "string": None}
    assert "Money" not in definitions
    gender = definitions.element("Patient", "gender")
    assert gender is not None
    assert gender.codes == {"urn:g": ("male",)}


def test_choices_backbones_and_content_references_are_followed(table: Path) -> None:
    definitions = Definitions.load(table)
    assert definitions.element("Patient", "diedString") is not None
    assert definitions.element("Patient", "diedCode") is None
    name = definitions.element("Patient", "contact[0].contact[1].contact[0].name[0]")
    assert name is not None
    assert (name.min, name.max) == (1, 2)
    doctor = definitions.element("Patient", "doctor")
    assert doctor is not None
    assert doctor.targets == ("Practitioner",)


def test_the_id_of_a_resource_is_an_id(table: Path) -> None:
    identity = Definitions.load(table).element("Patient", "id")
    assert identity is not None
    assert identity.type == "id"


def test_a_binding_that_cannot_be_listed_is_left_out(table: Path) -> None:
    language = Definitions.load(table).element("Patient", "language")
    assert language is not None
    assert language.codes is None


def test_a_folder_does_as_well_and_gives_the_same_bytes(table: Path, tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(BUNDLE.format(text))
    again = tmp_path / "again.json"
    assert r4_build.main([str(tmp_path), str(again)]) == 0
    assert again.read_bytes() == table.read_bytes()


def test_definitions_without_a_patient_are_none(tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / name).write_text(BUNDLE.format(""))
    assert r4_build.main([str(tmp_path), str(tmp_path / "r4.json")]) == 2


def test_what_is_no_archive_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.jar").write_text("x")
    assert r4_build.main([str(tmp_path / "x.jar"), str(tmp_path / "r4.json")]) == 2
    assert "not a zip file" in capsys.readouterr().err
