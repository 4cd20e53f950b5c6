"""One of everything that goes in and out, for the description: one batch of a made-up hospital, seen from all sides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from api.problems import KINDS, Problem

_BATCH: Final = "8770bdd8-bb68-45fa-8161-e95f51d703ab"
_HASH: Final = "814af733a3fb54b3286236c49097410bd7f0cad98a2fd699842eb93c804d964f"
_LETTER: Final = "3aa585f0-3cb8-5ee3-a6fa-5f961a8ce7d9"
_BEGAN, _ENDED = "2026-11-21T12:23:44.906724Z", "2026-11-21T12:23:47.928000Z"
_SINKS: Final = ["fhir", "mongodb"]

# By the name of the parameter.
PARAMETERS: Final[Mapping[str, Any]] = {
    "topic": "mimic-patients",
    "limit": 50,
    "after": "1723",
    "batch_id": _BATCH,
    "resource_id": "mimic-patient",
    "stage": "transformer",
    "reason": "wrong-format",
    "source_id": "mimic",
    "hash": _HASH,
    "id": _LETTER,
    "file": "start.js",
    "slug": "unknown-resources",
}

_COLUMN: Final = {"owner": {"name": "public"}, "table": "patients", "column": "gender", "joins": []}
_MAPPING: Final = {
    "version": 10,
    "source": {"id": "mimic", "name": "MIMIC-III"},
    "resources": [
        {
            "id": "mimic-patient",
            "label": "Patients",
            "primaryKeyOwner": {"name": "public"},
            "primaryKeyTable": "patients",
            "primaryKeyColumn": "row_id",
            "definitionId": "Patient",
            "definition": {"type": "Patient", "kind": "resource", "derivation": "specialization"},
            "filters": [],
            "attributes": [
                {
                    "path": "gender",
                    "definitionId": "code",
                    "inputGroups": [
                        {"inputs": [{"sqlValue": _COLUMN, "script": None}], "conditions": [], "mergingScript": None}
                    ],
                }
            ],
        }
    ],
}
_CREDENTIAL: Final = {
    "model": "POSTGRES",
    "host": "db.example.org",
    "port": 5432,
    "database": "mimic",
    "login": "reader",
    "passwordSecret": "SOURCE_MIMIC_PASSWORD",
}
_LOGIN: Final = {
    "model": "POSTGRES",
    "host": "db.example.org",
    "port": 5432,
    "database": "mimic",
    "login": "reader",
    "has_password": False,
    "password_secret": "SOURCE_MIMIC_PASSWORD",
}
_SUMMARY: Final = {
    "id": "mimic",
    "name": "MIMIC-III",
    "hash": _HASH,
    "created_at": "2026-11-21T12:23:44.569254Z",
    "updated_at": "2026-11-21T12:23:44.569254Z",
    "credential": _LOGIN,
    "resources": [{"id": "mimic-patient", "label": "Patients", "resource_type": "Patient"}],
}
_MISTAKE: Final = {
    "path": "resources[0].attributes[0].path",
    "place": "Patient.gendre",
    "reason": "FHIR R4 has no gendre in Patient",
}
_DEAD: Final = {
    "id": _LETTER,
    "stage": "transformer",
    "sink": None,
    "reason": "wrong-format",
    "sentence": (
        "Patient.birthDate is not a date that the calendar has, as YYYY, YYYY-MM or YYYY-MM-DD, "
        "from column patients.dob"
    ),
    "batch_id": _BATCH,
    "resource_id": "mimic-patient",
    "origin": {"topic": "extract", "partition": 3, "offset": 612},
    "attempt": 1,
    "failed_at": _ENDED,
    "retried_at": None,
}
_BINDING: Final = {
    "topic": "mimic-patients",
    "resource_id": "mimic-patient",
    "key": None,
    "on_delete": "delete",
    "label": "Patients",
    "resource_type": "Patient",
    "source_id": "mimic",
    "mapping_hash": _HASH,
    "login_changed_at": _BEGAN,
    "created_at": _BEGAN,
    "updated_at": _BEGAN,
    "extracted": 412,
    "passed_over": 3,
    "transformed": 411,
    "loaded": {"fhir": 411, "mongodb": 411},
    "failed": 1,
    "failed_by_stage": {"transformer": 1},
    "last_at": _ENDED,
}

# By the name of the model.
BODIES: Final[Mapping[str, Any]] = {
    "NewBatch": {"resource_ids": ["mimic-patient"]},
    "Query": {
        "query": "query ($id: String!) { resource(resourceId: $id) { id label } }",
        "variables": {"id": "mimic-patient"},
        "operationName": None,
    },
    "GraphqlAnswer": {"data": {"resource": {"id": "mimic-patient", "label": "Patients"}}},
    "Nothing": {},
    "Retried": {"batch_id": _BATCH, "state": "running", "retried": 2},
    "NewPreview": {"resource_id": "mimic-patient", "primary_key_values": [249, 250], "validate": False},
    "Previewed": {
        "instances": [{"resourceType": "Patient", "id": "5f2b0d3c-9b7a-5d53-8c63-2f4b6f1e8a10", "gender": "female"}],
        "errors": [
            {
                "extension": [
                    {"url": "urn:firth:primary-key", "valueString": "250"},
                    {"url": "urn:firth:stage", "valueString": "transformer"},
                    {"url": "urn:firth:column", "valueString": "patients.gender"},
                ],
                "severity": "error",
                "code": "code-invalid",
                "details": {
                    "coding": [{"system": "urn:firth:reason", "code": "unmapped-code"}],
                    "text": "Patient.gender has a code that the concept map does not have, from column patients.gender",
                },
                "expression": ["Patient.gender"],
            }
        ],
    },
    "Accepted": {"batch_id": _BATCH, "state": "starting"},
    "Batch": {
        "batch_id": _BATCH,
        "state": "completed",
        "created_at": _BEGAN,
        "ended_at": _ENDED,
        "sinks": _SINKS,
        "resources": [
            {
                "resource_id": "mimic-patient",
                "label": "Patients",
                "resource_type": "Patient",
                "state": "completed",
                "total": 1000,
                "extracted": 1000,
                "transformed": 998,
                "loaded": {"fhir": 998, "mongodb": 998},
                "failed": 2,
                "failed_by_stage": {"extractor": 0, "transformer": 2, "loader-fhir": 0, "loader-mongodb": 0},
                "cancelled": 0,
                "fault": None,
                "ended_at": _ENDED,
                "first_errors": [{name: _DEAD[name] for name in ("stage", "sink", "reason", "sentence")}],
            }
        ],
    },
    "Batches": {
        "batches": [
            {
                "batch_id": _BATCH,
                "state": "completed",
                "created_at": _BEGAN,
                "ended_at": _ENDED,
                "sinks": _SINKS,
                "resource_ids": ["mimic-patient"],
                "loaded": {"fhir": 998, "mongodb": 998},
                "failed": 2,
            }
        ],
        "next": None,
    },
    "MappingDocument": _MAPPING,
    "ImportedMapping": {**_SUMMARY, "told": []},
    "MappingList": {"mappings": [_SUMMARY]},
    "MappingDetails": {**_SUMMARY, "document": _MAPPING},
    "Validation": {"mistakes": [_MISTAKE], "told": []},
    "NewBinding": {"key": None, "on_delete": "delete"},
    "Binding": _BINDING,
    "Bindings": {"bindings": [_BINDING]},
    "RowsRetried": {"topic": "mimic-patients", "resource_id": "mimic-patient", "retried": 2},
    "NewCredential": _CREDENTIAL,
    "KeptCredential": {**_CREDENTIAL, "password": None},
    "Login": _LOGIN,
    "DeadLetters": {"dead_letters": [_DEAD], "next": None},
    "DeadLetter": {
        **_DEAD,
        "recorded_at": _ENDED,
        "key": {"text": "mimic-patient:613"},
        "value": {"event": {"resource_type": "Patient", "columns": {"patients_dob": ["0000-00-00"]}}},
        "headers": [["batch_id", _BATCH], ["resource_id", "mimic-patient"]],
        "details": None,
    },
    "Health": {"status": "ok", "behind": {"postgresql": "ok", "kafka": "ok"}},
}

_PROBLEMS: Final[Mapping[str, Problem]] = {
    each.slug: each
    for each in (
        Problem(
            "invalid",
            "1 mistake in the request",
            errors=[{"path": "resource_ids", "reason": "Field required"}],
        ),
        Problem("unknown-resources", "no mapping has 1 of these resources", resource_ids=["mimic-ward"]),
        Problem("invalid-mapping", "1 mistake in the mapping", mistakes=[_MISTAKE]),
        Problem(
            "conflict",
            "resources of this mapping belong to mimic: delete that mapping, or give them other ids",
            resource_ids=["mimic-patient"],
        ),
        Problem("internal", "tell the operator this reference", reference="c96b0d8b6a65478a9fb0b25e4eb86f95"),
        Problem("bad-gateway", "Pyrog answered another resource than mimic-patient", behind="pyrog"),
        Problem("unavailable", "PostgreSQL does not answer", behind="postgresql"),
        Problem("timeout", "PostgreSQL did not answer in time", behind="postgresql"),
    )
}


def problem(slug: str) -> Problem:
    """One of that kind."""
    return _PROBLEMS.get(slug) or Problem(slug, KINDS[slug].title)
