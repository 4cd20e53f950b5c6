"""The table schemas of messages: one per family of message types, names of columns stable.

A row is a plain dict (`hl7v2.parse_hl7v2_message`): flat keys for what occurs once, lists of dicts for what repeats.
Every key of a schema is in every row. None means that nothing was sent; an empty text means that the sender wrote HL7's
null `""`: what you know of this is to be deleted.
"""

from __future__ import annotations

from collections.abc import Mapping

from hl7v2.schemas.clinical import (
    ALLERGIES,
    APPOINTMENT,
    APPOINTMENT_RESOURCES,
    COMMENTS,
    DIAGNOSES,
    DOCUMENT,
    GUARANTORS,
    INSURANCE,
    MERGES,
    NEXT_OF_KIN,
    OF_ORDERS,
    OF_VACCINATIONS,
    ORDERS,
    PROCEDURES,
    VACCINATIONS,
    observations,
)
from hl7v2.schemas.common import EVENT, MESSAGE, PATIENT, PATIENT_LISTS, VISIT
from hl7v2.schemas.shape import Column, Group, Rows, Schema

__all__ = ["SCHEMAS", "Column", "Group", "Rows", "Schema", "schema_of"]

_VISIT_MESSAGE = (MESSAGE, PATIENT, VISIT, COMMENTS)

ADT = Schema(
    "adt",
    "Admissions, transfers, discharges, and what is known of patients",
    ("ADT",),
    (MESSAGE, EVENT, PATIENT, VISIT, COMMENTS),
    (
        *PATIENT_LISTS,
        NEXT_OF_KIN,
        ALLERGIES,
        DIAGNOSES,
        PROCEDURES,
        observations(),
        INSURANCE,
        GUARANTORS,
        MERGES,
    ),
)
ORM = Schema(
    "orm",
    "Orders",
    ("ORM", "OMG", "OMI", "OML", "OMP", "RDE", "RDS", "RGV"),
    _VISIT_MESSAGE,
    (
        *PATIENT_LISTS,
        ORDERS,
        observations("orders", OF_ORDERS),
        NEXT_OF_KIN,
        ALLERGIES,
        DIAGNOSES,
        INSURANCE,
        GUARANTORS,
    ),
)
ORU = Schema(
    "oru",
    "Results",
    ("ORU", "OUL"),
    _VISIT_MESSAGE,
    (*PATIENT_LISTS, ORDERS, observations("orders", OF_ORDERS), NEXT_OF_KIN),
)
SIU = Schema(
    "siu",
    "Appointments",
    ("SIU",),
    (MESSAGE, APPOINTMENT, PATIENT, VISIT, COMMENTS),
    (*PATIENT_LISTS, APPOINTMENT_RESOURCES, DIAGNOSES, observations()),
)
VXU = Schema(
    "vxu",
    "Vaccinations",
    ("VXU",),
    _VISIT_MESSAGE,
    (*PATIENT_LISTS, VACCINATIONS, observations("vaccinations", OF_VACCINATIONS), NEXT_OF_KIN, INSURANCE, GUARANTORS),
)
MDM = Schema(
    "mdm",
    "Documents",
    ("MDM",),
    (MESSAGE, EVENT, DOCUMENT, PATIENT, VISIT, COMMENTS),
    (*PATIENT_LISTS, ORDERS, observations("orders", OF_ORDERS)),
)
OTHER = Schema(
    "other",
    "Messages of any other type",
    (),
    (MESSAGE, EVENT, PATIENT, VISIT, COMMENTS),
    (
        *PATIENT_LISTS,
        ORDERS,
        observations("orders", OF_ORDERS),
        NEXT_OF_KIN,
        ALLERGIES,
        DIAGNOSES,
        PROCEDURES,
        INSURANCE,
        GUARANTORS,
    ),
)
SCHEMAS: Mapping[str, Schema] = {schema.name: schema for schema in (ADT, ORM, ORU, SIU, VXU, MDM, OTHER)}
_BY_TYPE = {message_type: schema for schema in SCHEMAS.values() for message_type in schema.message_types}


def schema_of(message_type: str) -> Schema:
    """The schema of a message type (MSH-9.1); `other` for one that has none of its own."""
    return _BY_TYPE.get(message_type, OTHER)
