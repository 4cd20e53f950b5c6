"""Small Pyrog documents to build tests from, and a small table of FHIR elements to check them against."""

from __future__ import annotations

from typing import Any, TypeAlias

from mapping.r4 import Definitions

Json: TypeAlias = dict[str, Any]

LOGICAL_REFERENCE = "b8efd322-3e38-4072-9c68-e62e15d84d04"
PUBLIC = {"id": "o1", "name": "public"}


def document(*resources: Json, **more: Any) -> Json:
    return {
        "source": {"id": "mimic", "name": "MIMIC"},
        "template": {"name": "MIMIC"},
        "resources": list(resources) or [resource()],
        "version": 10,
        **more,
    }


def resource(*attributes: Json, **more: Any) -> Json:
    return {
        "id": "patients",
        "label": "patients",
        "primaryKeyOwner": PUBLIC,
        "primaryKeyTable": "patients",
        "primaryKeyColumn": "subject_id",
        "definitionId": "Patient",
        "definition": {"type": "Patient", "derivation": "specialization", "url": "http://hl7.org/fhir/Patient"},
        "logicalReference": LOGICAL_REFERENCE,
        "filters": [],
        "attributes": list(attributes),
        **more,
    }


def attribute(path: str, *inputs: Json, type: str = "string", **group: Any) -> Json:  # noqa: A002
    return {
        "path": path,
        "definitionId": type,
        "inputGroups": [{"id": "g", "mergingScript": None, "conditions": [], "inputs": list(inputs), **group}],
    }


def column(name: str, *joins: Json, table: str = "patients") -> Json:
    return {"table": table, "column": name, "owner": PUBLIC, "joins": list(joins)}


def join(left: str, right: str) -> Json:
    return {
        "tables": [
            dict(zip(("table", "column"), one.split("."), strict=True)) | {"owner": PUBLIC} for one in (left, right)
        ]
    }


def sql(name: str, *joins: Json, table: str = "patients", **more: Any) -> Json:
    return {"staticValue": None, "sqlValue": column(name, *joins, table=table), "script": None, **more}


def static(value: str, **more: Any) -> Json:
    return {"staticValue": value, "sqlValue": None, **more}


def condition(relation: str = "EQ", value: str | None = "1", action: str = "INCLUDE", **more: Any) -> Json:
    return {"action": action, "sqlValue": column("flag"), "relation": relation, "value": value, **more}


def filtered(relation: str, value: str, **more: Any) -> Json:
    return {"relation": relation, "value": value, "sqlColumn": column("dob"), **more}


def _element(type_name: str, *, least: int = 0, most: int | None = 1, bound: str | None = None) -> Json:
    return {"types": type_name.split("|"), "min": least, "max": most, **({"bound": bound} if bound else {})}


DEFINITIONS = Definitions(
    {
        "primitives": {
            "string": None,
            "code": r"[^\s]+(\s[^\s]+)*",
            "date": r"\d{4}(-\d{2}(-\d{2})?)?",
            "boolean": "true|false",
            "integer": r"-?\d+",
            "dateTime": r"\d{4}.*",
        },
        "value_sets": {"gender": {"http://hl7.org/fhir/administrative-gender": ["male", "female", "other", "unknown"]}},
        "types": {
            "Patient": {
                "kind": "resource",
                "elements": {
                    "id": _element("string"),
                    "gender": _element("code", bound="gender"),
                    "birthDate": _element("date"),
                    "deceased[x]": _element("boolean|dateTime"),
                    "name": _element("HumanName", most=None),
                    "multipleBirth[x]": _element("boolean|integer"),
                    "link": _element("Patient.link", most=None),
                },
            },
            "Patient.link": {
                "kind": "backbone",
                "elements": {"other": _element("string", least=1), "type": _element("code")},
            },
            "Observation": {
                "kind": "resource",
                "elements": {"status": _element("code", least=1), "value[x]": _element("string|integer", least=1)},
            },
            "HumanName": {
                "kind": "complex-type",
                "elements": {"family": _element("string"), "given": _element("string", most=None)},
            },
        },
    }
)
