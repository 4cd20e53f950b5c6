"""What happens to a patient in the hospital: visits, orders, appointments, kept from message to message."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from hl7v2.generate.people import Doctor, Patient
from hl7v2.generate.vocabulary import Concept, Panel, Test, Vaccine, Ward


class Bed(NamedTuple):
    """A place in the hospital (PL); `room` and `bed` are empty in a clinic."""

    ward: str
    room: str = ""
    bed: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one test; `flag` of table 0078."""

    test: Test
    value: str
    flag: str


@dataclass(slots=True)
class Order:
    """A panel that was ordered, with its results once they are there."""

    placer: str
    filler: str
    panel: Panel
    by: Doctor
    placed: datetime
    priority: str
    collected: datetime
    reported: datetime | None = None
    results: tuple[Result, ...] = ()
    comment: str = ""


@dataclass(slots=True)
class Visit:
    """A visit as it is now. `kind` is its class of table 0004: I inpatient, O outpatient, P pre-admitted."""

    number: str
    patient: Patient
    kind: str
    ward: Ward
    bed: Bed
    attending: Doctor
    admitting: Doctor
    reason: Concept
    admission_type: str  # table 0007
    admit_source: str  # table 0023
    admitted: datetime | None = None
    expected_discharge: datetime | None = None
    discharged: datetime | None = None
    disposition: str = ""  # table 0112
    prior: Bed | None = None
    procedure: tuple[Concept, datetime] | None = None
    orders: list[Order] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Appointment:
    """A slot in a clinic."""

    placer: str
    filler: str
    start: datetime
    minutes: int
    reason: Concept
    clinic: Bed
    doctor: Doctor


@dataclass(frozen=True, slots=True)
class Dose:
    """A vaccination that was given."""

    filler: str
    vaccine: Vaccine
    given: datetime
    by: Doctor
    lot: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class Document:
    """A document about a visit; its text line by line."""

    number: str
    type: str  # table 0270
    title: Concept
    author: Doctor
    written: datetime
    lines: tuple[str, ...]
