"""What happens to one patient: each story yields how long to wait, and the messages to send meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from hl7v2.generate.hospital import Hospital
from hl7v2.generate.people import Patient
from hl7v2.generate.visits import Visit


@dataclass(frozen=True, slots=True)
class Send:
    """A message that is due now: its type, and what its builder takes."""

    message_type: str
    about: tuple[object, ...]


Story = Iterator[timedelta | Send]


def new_person(hospital: Hospital) -> Story:
    """Somebody comes for the first time, and is treated."""
    patient = hospital.newcomer()
    yield Send("ADT_A28", (patient,))
    yield hospital.minutes(1, 20)
    yield from treatment(hospital, patient)


def treatment(hospital: Hospital, patient: Patient) -> Story:
    """One of the ways to be treated. In the end the patient goes home."""
    choose = hospital.random.choices((inpatient, outpatient, vaccination, duplicate), (40, 35, 15, 10))[0]
    yield from choose(hospital, patient)


def inpatient(hospital: Hospital, patient: Patient) -> Story:
    """Admitted, examined, moved about, discharged; things that were entered by mistake are taken back."""
    visit = hospital.visit(patient, "I")
    if hospital.chance(0.3):
        visit.kind = "P"
        yield Send("ADT_A05", (visit,))
        yield hospital.minutes(60, 3000)
        visit.kind = "I"
    visit.admitted = hospital.now
    yield Send("ADT_A01", (visit,))
    if hospital.chance(0.06):
        yield hospital.minutes(5, 60)
        yield Send("ADT_A11", (visit,))
        hospital.goes_home(patient)
        return
    yield from stay(hospital, visit)
    yield from discharge(hospital, visit)


def stay(hospital: Hospital, visit: Visit) -> Story:
    """The days on the ward."""
    for _ in range(hospital.random.randrange(2, 7)):
        yield hospital.minutes(30, 900)
        happens = hospital.random.choices((tests, transfer, update, operation, note), (50, 20, 12, 8, 10))[0]
        yield from happens(hospital, visit)


def discharge(hospital: Hospital, visit: Visit) -> Story:
    """The end of a visit, now and then too early."""
    visit.discharged, visit.disposition = hospital.now, hospital.random.choice(("01", "01", "01", "03", "06"))
    yield Send("ADT_A03", (visit,))
    if hospital.chance(0.08):
        yield hospital.minutes(10, 120)
        visit.discharged, visit.disposition = None, ""
        yield Send("ADT_A13", (visit,))
        yield hospital.minutes(300, 2000)
        visit.discharged, visit.disposition = hospital.now, "01"
        yield Send("ADT_A03", (visit,))
    hospital.goes_home(visit.patient)


def outpatient(hospital: Hospital, patient: Patient) -> Story:
    """An appointment, the visit, tests; sometimes the patient has to stay."""
    if hospital.chance(0.7):
        slot = hospital.appointment()
        yield Send("SIU_S12", (patient, slot))
        yield slot.start - hospital.now
    visit = hospital.visit(patient, "O")
    visit.admitted = hospital.now
    yield Send("ADT_A04", (visit,))
    yield hospital.minutes(5, 60)
    if hospital.chance(0.7):
        yield from tests(hospital, visit)
    if hospital.chance(0.25):
        yield from kept(hospital, visit)
    yield hospital.minutes(10, 60)
    yield from discharge(hospital, visit)


def kept(hospital: Hospital, visit: Visit) -> Story:
    """An outpatient becomes an inpatient, and maybe an outpatient again."""
    clinic = visit.bed
    visit.kind, visit.prior, visit.bed = "I", clinic, hospital.bed(visit.ward.name, visit.ward.rooms)
    yield Send("ADT_A06", (visit,))
    yield from stay(hospital, visit)
    if hospital.chance(0.5):
        visit.kind, visit.prior, visit.bed = "O", visit.bed, clinic
        yield Send("ADT_A07", (visit,))


def vaccination(hospital: Hospital, patient: Patient) -> Story:
    """Vaccinations in passing."""
    yield Send("VXU_V04", (patient, hospital.doses()))
    hospital.goes_home(patient)


def duplicate(hospital: Hospital, patient: Patient) -> Story:
    """Somebody is entered a second time, which is found out and put right."""
    again = replace(patient, number=hospital.number("9"))
    yield Send("ADT_A28", (again,))
    yield hospital.minutes(200, 3000)
    yield Send("ADT_A40", (patient, again.number))
    yield hospital.minutes(1, 10)
    moved = hospital.moved_house(patient)
    yield Send("ADT_A31", (moved,))
    hospital.goes_home(moved)


def tests(hospital: Hospital, visit: Visit) -> Story:
    """Panels are ordered, and results come."""
    orders = hospital.orders(visit)
    yield Send("OML_O21" if hospital.chance(0.4) else "ORM_O01", (visit, orders))
    yield hospital.minutes(40, 300)
    for order in orders:
        hospital.reports(order)
    yield Send("ORU_R01", (visit, orders))


def transfer(hospital: Hospital, visit: Visit) -> Story:
    """To another bed, now and then by mistake."""
    before = (visit.bed, visit.prior, visit.ward)
    hospital.moves(visit)
    yield Send("ADT_A02", (visit,))
    if hospital.chance(0.1):
        yield hospital.minutes(5, 30)
        visit.bed, visit.prior, visit.ward = before
        yield Send("ADT_A12", (visit,))


def update(hospital: Hospital, visit: Visit) -> Story:
    """What is known of the patient changes."""
    visit.patient = hospital.moved_house(visit.patient)
    yield Send("ADT_A08", (visit,))


def operation(hospital: Hospital, visit: Visit) -> Story:
    """An operation, where there is one for what the patient has."""
    hospital.operates(visit)
    yield Send("ADT_A08", (visit,))


def note(hospital: Hospital, visit: Visit) -> Story:
    """Somebody writes about it."""
    yield Send("MDM_T02", (visit, hospital.document(visit)))
