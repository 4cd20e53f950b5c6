"""What segments each message has (version 2.5.1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from hl7v2.generate import segments as seg
from hl7v2.generate.people import Patient
from hl7v2.generate.visits import Appointment, Document, Dose, Order, Visit
from hl7v2.generate.vocabulary import Concept


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a message's header says of this very message."""

    control_id: str
    now: datetime


def admission(trigger: str, envelope: Envelope, visit: Visit) -> list[str]:
    """A visit with all that is known: A01, A04, A05, A06, A07, A08, A13."""
    structure = {"A05": "ADT_A05", "A06": "ADT_A06", "A07": "ADT_A06"}.get(trigger, "ADT_A01")
    return [
        *_adt(trigger, structure, envelope, visit),
        seg.pd1(visit.patient),
        *seg.nk1(visit.patient),
        seg.pv1(visit),
        seg.pv2(visit),
        *seg.al1(visit.patient.allergies),
        seg.dg1(visit, envelope.now),
        *seg.pr1(visit),
        seg.gt1(visit.patient),
        *seg.in1(visit.patient),
    ]


def movement(trigger: str, envelope: Envelope, visit: Visit) -> list[str]:
    """A transfer (A02); an admission (A11) or a transfer (A12) that is taken back."""
    structure = "ADT_A02" if trigger == "A02" else "ADT_A09"
    return [*_adt(trigger, structure, envelope, visit), seg.pv1(visit), seg.pv2(visit)]


def discharge(trigger: str, envelope: Envelope, visit: Visit) -> list[str]:
    """A discharge: A03."""
    return [
        *_adt(trigger, "ADT_A03", envelope, visit),
        seg.pv1(visit),
        seg.pv2(visit),
        seg.dg1(visit, envelope.now),
        *seg.pr1(visit),
    ]


def person(trigger: str, envelope: Envelope, patient: Patient) -> list[str]:
    """A person, without a visit: A28, A31."""
    return [
        _header(f"ADT^{trigger}", "ADT_A05", envelope),
        seg.evn(trigger, envelope.now, patient.doctor),
        seg.pid(patient),
        seg.pd1(patient),
        *seg.nk1(patient),
        seg.pv1_without_visit(),
        *seg.al1(patient.allergies),
        *seg.in1(patient),
    ]


def merge(trigger: str, envelope: Envelope, patient: Patient, away: str) -> list[str]:
    """Two identifiers that turned out to be one person's: A40."""
    return [
        _header(f"ADT^{trigger}", "ADT_A39", envelope),
        seg.evn(trigger, envelope.now, patient.doctor),
        seg.pid(patient),
        seg.mrg(away),
    ]


def order(envelope: Envelope, visit: Visit, orders: Sequence[Order]) -> list[str]:
    """Orders: ORM_O01."""
    return [
        _header("ORM^O01", "ORM_O01", envelope, sender="OE", receiver="LAB"),
        seg.pid(visit.patient, visit.number),
        seg.pv1(visit),
        *seg.al1(visit.patient.allergies),
        *(
            text
            for number, one in enumerate(orders, 1)
            for text in (seg.orc(one, "NW"), seg.obr(number, one, visit.reason), *_comment(one))
        ),
    ]


def laboratory_order(envelope: Envelope, visit: Visit, orders: Sequence[Order]) -> list[str]:
    """Laboratory orders: OML_O21."""
    return [
        _header("OML^O21", "OML_O21", envelope, sender="OE", receiver="LAB"),
        seg.pid(visit.patient, visit.number),
        seg.pv1(visit),
        *(
            text
            for number, one in enumerate(orders, 1)
            for text in (
                seg.orc(one, "NW"),
                seg.tq1(one),
                seg.obr(number, one, visit.reason),
                *_comment(one),
                seg.dg1(visit, envelope.now),
                seg.spm(one),
            )
        ),
    ]


def results(envelope: Envelope, visit: Visit, orders: Sequence[Order]) -> list[str]:
    """Results: ORU_R01."""
    return [
        _header("ORU^R01", "ORU_R01", envelope, sender="LAB", receiver="EHR"),
        seg.pid(visit.patient, visit.number),
        seg.pv1(visit),
        *(
            text
            for number, one in enumerate(orders, 1)
            for text in (
                seg.orc(one, "RE"),
                seg.obr(number, one, visit.reason),
                *_comment(one),
                *seg.obx_results(one.results, one),
                seg.spm(one),
            )
        ),
    ]


def appointment(envelope: Envelope, patient: Patient, slot: Appointment) -> list[str]:
    """A new appointment: SIU_S12."""
    return [
        _header("SIU^S12", "SIU_S12", envelope, sender="SCHED", receiver="EHR"),
        seg.sch(slot),
        seg.pid(patient),
        *seg.appointment_resources(slot),
    ]


def vaccinations(envelope: Envelope, patient: Patient, doses: Sequence[Dose]) -> list[str]:
    """Vaccinations: VXU_V04."""
    return [
        _header("VXU^V04", "VXU_V04", envelope, sender="IMM", receiver="REGISTRY"),
        seg.pid(patient),
        seg.pd1(patient),
        *seg.nk1(patient),
        *(text for dose in doses for text in (*seg.vaccination(dose), _eligibility(dose))),
    ]


def document(envelope: Envelope, visit: Visit, written: Document) -> list[str]:
    """A document with its text: MDM_T02."""
    return [
        _header("MDM^T02", "MDM_T02", envelope, sender="TRANSCRIPTION", receiver="EHR"),
        seg.evn("T02", envelope.now, written.author),
        seg.pid(visit.patient, visit.number),
        seg.pv1(visit),
        seg.txa(written),
        *(seg.obx_text(number, written.title, text) for number, text in enumerate(written.lines, 1)),
    ]


Builder = Callable[..., list[str]]

BUILDERS: Final[dict[str, Builder]] = {
    **{f"ADT_{trigger}": partial(admission, trigger) for trigger in ("A01", "A04", "A05", "A06", "A07", "A08", "A13")},
    **{f"ADT_{trigger}": partial(movement, trigger) for trigger in ("A02", "A11", "A12")},
    "ADT_A03": partial(discharge, "A03"),
    **{f"ADT_{trigger}": partial(person, trigger) for trigger in ("A28", "A31")},
    "ADT_A40": partial(merge, "A40"),
    "ORM_O01": order,
    "OML_O21": laboratory_order,
    "ORU_R01": results,
    "SIU_S12": appointment,
    "VXU_V04": vaccinations,
    "MDM_T02": document,
}


def _adt(trigger: str, structure: str, envelope: Envelope, visit: Visit) -> list[str]:
    return [
        _header(f"ADT^{trigger}", structure, envelope),
        seg.evn(trigger, envelope.now, visit.admitting),
        seg.pid(visit.patient, visit.number),
    ]


def _header(event: str, structure: str, envelope: Envelope, *, sender: str = "ADT", receiver: str = "EHR") -> str:
    return seg.msh(event, structure, sender=sender, receiver=receiver, control_id=envelope.control_id, now=envelope.now)


def _comment(one: Order) -> list[str]:
    return [seg.nte(one.comment)] if one.comment else []


def _eligibility(dose: Dose) -> str:
    funding = Concept("64994-7", "Vaccine funding program eligibility category", "LN")
    return seg.obx_code(1, funding, Concept("V01", "Not VFC eligible", "HL70064"), dose.given)
