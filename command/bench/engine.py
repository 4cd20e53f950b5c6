"""The mapping engine: a Patient of 17 attributes from rows, with and without the check against R4, and the whole
transformer step from Avro to Avro.

Process CPU of one core. The limits: the same Patient by Python that a person wrote for it alone, and the
decoding and encoding of the same events with nothing in between.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from command.definitions import definitions
from mapping import document
from mapping.identity import resource_id
from mapping.model import Attribute, Column, ConceptMap, Input, InputGroup, ResourceMapping, Source
from mapping.model import Mapping as RowMapping
from pipeline.codec import Codec
from pipeline.events import Extracted, Resource, Transformed, Value
from pipeline.records import Record
from transformer.plan import Plan
from transformer.plans import Plans
from transformer.scripts import Scripts
from transformer.transform import transform

PATIENTS = "ad3e2f34-3f04-5468-84be-305fffdd89bf"
DOCTORS = "7b421f8c-0b62-46f3-96fb-8f182119d8a3"
REFERENCE = "http://terminology.arkhn.org/"
MARITAL = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus"
TAG = {"system": "http://terminology.arkhn.org/CodeSystem/"}

RECORDS = 1000  # as many as the worker loop gives the transformer at once


@dataclass(frozen=True)
class Figure:
    """A measurement: `seconds` of CPU for one record."""

    name: str
    seconds: float
    target: float | None = None
    limit: float | None = None


def bench(console: Console, *, full: bool = False) -> None:
    """Measure and print. A minute or less; with `full`, some three times as long."""
    codec = Codec.local()
    mapping = patients()
    plans = Plans(lambda _: document.dump(mapping), definitions=definitions(console), scripts=Scripts(UTC))
    plan = plans.of(document.content_hash(mapping), "patients")
    events = [event(number, document.content_hash(mapping)) for number in range(RECORDS)]
    assert_same(plan, events)
    records = [Record("extract", 0, n, 0, f"patients:{n}".encode(), codec.encode(one)) for n, one in enumerate(events)]
    seconds = 6.0 if full else 2.0

    by_hand = measure(lambda: [hand_written(one.columns, one.primary_key) for one in events], seconds)
    unchecked = measure(lambda: [unchecked_run(plan, one) for one in events], seconds)
    checked = measure(lambda: [plan.run(one.columns, one.primary_key) for one in events], seconds)
    resources = [plan.run(one.columns, one.primary_key) for one in events]
    avro = measure(lambda: codec_alone(records, resources, codec), seconds)
    step = measure(lambda: transform(records, plans=plans, codec=codec), seconds)

    show(
        console,
        [
            Figure("Patient by hand-written Python", by_hand),
            Figure("engine", unchecked, target=60_000, limit=by_hand),
            Figure("engine with the R4 check", checked, target=40_000, limit=by_hand),
            Figure("Avro decoded and encoded, nothing between", avro),
            Figure("transformer step, Avro to Avro", step, target=20_000, limit=avro + by_hand),
        ],
    )


def show(console: Console, figures: Sequence[Figure]) -> None:
    """A table with the ratio of each figure to its limit, measured in the same run."""
    table = Table("", "µs a record", "records/s a core", "target", "of the limit")
    for one in figures:
        table.add_row(
            one.name,
            f"{one.seconds * 1e6:.1f}",
            f"{1 / one.seconds:,.0f}",
            "" if one.target is None else f"{one.target:,.0f}",
            "" if one.limit is None else f"{one.limit / one.seconds:.2f}",
        )
    console.print(table)
    console.print("limit: hand-written Python for the same Patient; for the step, that with the Avro around it")


def measure(run: Callable[[], Any], seconds: float) -> float:
    """CPU seconds a record of `run`, which works on RECORDS of them: the best of the rounds that fit."""
    gc.collect()
    gc.freeze()
    best = sys.float_info.max
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        start = time.process_time()
        run()
        best = min(best, time.process_time() - start)
    gc.unfreeze()
    return best / RECORDS


def unchecked_run(plan: Plan, one: Extracted) -> Resource:
    """What `Plan.run` does, without the check."""
    made = plan.make(plan.read(one.columns), one.primary_key)
    return Resource("Patient", made["id"], "replace", orjson.dumps(made))


def codec_alone(records: Sequence[Record], resources: Sequence[Resource], codec: Codec) -> None:
    """Decode each record and encode the event that the step makes of it."""
    for record, resource in zip(records, resources, strict=True):
        one = codec.decode(Extracted, record.value)
        codec.encode(Transformed(one.batch_id, one.resource_id, one.mapping_hash, one.as_of, (resource,)))


def attribute(path: str, *, column: str = "", static: str | None = None, script: str | None = None) -> Attribute:
    """An attribute with one input."""
    given = Input(Column("patients", column) if column else None, static, script, "gender" if column == "sex" else None)
    return Attribute(path, "", (InputGroup((given,)),))


def patients() -> RowMapping:
    """A mapping of Patient with 17 attributes that come from columns or describe one that does."""
    attributes = (
        attribute("identifier[0].system", static="urn:mrn"),
        attribute("identifier[0].value", column="subject_id"),
        attribute("active", column="active"),
        attribute("name[0].use", static="official"),
        attribute("name[0].family", column="family", script="make_title"),
        attribute("name[0].given[0]", column="given"),
        attribute("telecom[0].system", static="phone"),
        attribute("telecom[0].value", column="phone"),
        attribute("gender", column="sex"),
        attribute("birthDate", column="dob", script="clean_date"),
        attribute("deceasedDateTime", column="dod", script="clean_dateTime"),
        attribute("address[0].line[0]", column="street"),
        attribute("address[0].city", column="city"),
        attribute("maritalStatus.coding[0].system", static=MARITAL),
        attribute("maritalStatus.coding[0].code", column="marital", script="map_marital_status"),
        attribute("generalPractitioner[0].identifier.system", static=REFERENCE + DOCTORS),
        attribute("generalPractitioner[0].identifier.value", column="doctor"),
    )
    key = Column("patients", "subject_id")
    whole = ResourceMapping("patients", "patients", "Patient", None, PATIENTS, key, (), attributes)
    doctors = ResourceMapping("doctors", "doctors", "Practitioner", None, DOCTORS, Column("doctors", "id"), (), ())
    genders = ConceptMap("gender", "gender", {"M": "male", "F": "female"})
    return RowMapping(Source("bench", "bench"), (whole, doctors), (genders,))


def event(number: int, mapping_hash: str) -> Extracted:
    """One patient, different from every other."""
    row: Mapping[str, Value] = {
        "subject_id": 10_000 + number,
        "active": True,
        "family": f"DOE-{number}",
        "given": f"Jane {number}",
        "phone": f"06{number:08}",
        "sex": "MF"[number % 2],
        "dob": f"20{number % 100:02}-03-{number % 28 + 1:02}T00:00:00",
        "dod": f"2165-08-12T{number % 24:02}:{number % 60:02}:00" if number % 3 else None,
        "street": f"{number} Main Street",
        "city": "Springfield",
        "marital": ("MARRIED", "SINGLE", "WIDOWED", None)[number % 4],
        "doctor": number % 50,
    }
    columns = {f"patients_{name}": [value] for name, value in row.items()}
    return Extracted("batch", "patients", "Patient", mapping_hash, str(10_000 + number), 1_700_000_000_000, columns)


def assert_same(plan: Plan, events: Sequence[Extracted]) -> None:
    """The limit is one only if it makes the same resources."""
    for one in events:
        assert plan.run(one.columns, one.primary_key) == hand_written(one.columns, one.primary_key)


META = {
    "source": "urn:firth:source:bench",
    "tag": [{**TAG, "code": "bench"}, {**TAG, "code": "patients"}],
}
META["tag"][0]["system"] += "source"  # type: ignore[index]
META["tag"][1]["system"] += "resource"  # type: ignore[index]
GENDERS = {"M": "male", "F": "female"}
MARITALS = {"MARRIED": "M", "SINGLE": "U", "WIDOWED": "W", "SEPARATED": "L", "DIVORCED": "D"}


def hand_written(columns: Mapping[str, Sequence[Any]], key: str) -> Resource:
    """The same Patient as a person would write it who knows what the columns hold."""
    identity = resource_id(PATIENTS, key)
    made: dict[str, Any] = {
        "resourceType": "Patient",
        "id": identity,
        "meta": META,
        "identifier": [{"system": "urn:mrn", "value": str(columns["patients_subject_id"][0])}],
        "active": columns["patients_active"][0],
        "name": [
            {
                "use": "official",
                "family": columns["patients_family"][0].strip().title(),
                "given": [columns["patients_given"][0]],
            }
        ],
        "telecom": [{"system": "phone", "value": columns["patients_phone"][0]}],
        "gender": GENDERS[columns["patients_sex"][0]],
        "birthDate": columns["patients_dob"][0][:10],
    }
    died = columns["patients_dod"][0]
    if died is not None:
        made["deceasedDateTime"] = died + "+00:00"
    made["address"] = [{"line": [columns["patients_street"][0]], "city": columns["patients_city"][0]}]
    marital = MARITALS.get(columns["patients_marital"][0], "UNK")
    made["maritalStatus"] = {"coding": [{"system": MARITAL, "code": marital}]}
    doctor = str(columns["patients_doctor"][0])
    made["generalPractitioner"] = [
        {
            "reference": f"Practitioner/{resource_id(DOCTORS, doctor)}",
            "identifier": {"system": REFERENCE + DOCTORS, "value": doctor},
        }
    ]
    return Resource("Patient", identity, "replace", orjson.dumps(made))
