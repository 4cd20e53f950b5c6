"""A hospital that never was: who is known to it, what time it is, and what it does to people."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from hl7v2.generate.people import Doctor, Patient, People
from hl7v2.generate.visits import Appointment, Bed, Document, Dose, Order, Result, Visit
from hl7v2.generate.vocabulary import CLINIC_REASONS, DOCUMENTS, PANELS, PROCEDURES, VACCINES, WARDS, Test

KEPT: Final = 5_000  # patients at home who may come back; more would be memory without end
CLINIC: Final = Bed("CLINIC")


class Hospital:
    """The state of the hospital. Everything is drawn from one seed."""

    def __init__(self, seed: int, now: datetime) -> None:
        self.now = now
        self.random = random.Random(seed)  # noqa: S311 -- nobody is to be kept from guessing
        self._people = People(seed)
        self._doctors = [self._people.doctor() for _ in range(40)]
        self._at_home: list[Patient] = []
        self._numbers = 0

    # ---- people

    def doctor(self) -> Doctor:
        """One of the doctors."""
        return self.random.choice(self._doctors)

    def newcomer(self) -> Patient:
        """Somebody who was never here."""
        return self._people.patient(self.now.date(), self.doctor())

    def returning(self) -> Patient | None:
        """Somebody who was here before and is at home, or None where nobody is."""
        if not self._at_home:
            return None
        at = self.random.randrange(len(self._at_home))
        self._at_home[at], self._at_home[-1] = self._at_home[-1], self._at_home[at]
        return self._at_home.pop()

    def goes_home(self, patient: Patient) -> None:
        """Remember a patient, who may come back."""
        if len(self._at_home) < KEPT:
            self._at_home.append(patient)
        else:
            self._at_home[self.random.randrange(KEPT)] = patient

    def moved_house(self, patient: Patient) -> Patient:
        """The patient with a new address and phone number."""
        return replace(patient, address=self._people.address(), phone=self._people.phone())

    # ---- chance

    def chance(self, probability: float) -> bool:
        """True this often."""
        return self.random.random() < probability

    def minutes(self, low: float, high: float) -> timedelta:
        """Some time, to the second."""
        return timedelta(seconds=round(60 * self.random.uniform(low, high)))

    def number(self, prefix: str) -> str:
        """A number that nothing else has."""
        self._numbers += 1
        return f"{prefix}{self._numbers:07d}"

    # ---- what is done

    def visit(self, patient: Patient, kind: str) -> Visit:
        """A new visit: I inpatient, E emergency, P pre-admitted, on a ward; O outpatient, in the clinic."""
        ward = self.random.choice(WARDS)
        outpatient = kind == "O"
        doctor = self.doctor()
        return Visit(
            number=self.number("V"),
            patient=patient,
            kind=kind,
            ward=ward,
            bed=CLINIC if outpatient else self.bed(ward.name, ward.rooms),
            attending=doctor,
            admitting=doctor if self.chance(0.6) else self.doctor(),
            reason=self.random.choice(CLINIC_REASONS if outpatient else ward.reasons),
            admission_type="R" if outpatient else self.random.choice("EEUC"),
            admit_source="1" if outpatient or self.chance(0.3) else "7",
            expected_discharge=None if outpatient else self.now + timedelta(days=self.random.randrange(2, 9)),
        )

    def bed(self, ward: str, rooms: range) -> Bed:
        """A bed on a ward."""
        return Bed(ward, str(self.random.choice(rooms)), self.random.choice("AB"))

    def moves(self, visit: Visit) -> None:
        """Move the patient to another bed, mostly on the same ward."""
        ward = visit.ward if self.chance(0.6) else self.random.choice(WARDS)
        bed = self.bed(ward.name, ward.rooms)
        while bed == visit.bed:
            bed = self.bed(ward.name, ward.rooms)
        visit.prior, visit.bed, visit.ward = visit.bed, bed, ward

    def operates(self, visit: Visit) -> None:
        """Do the procedure that the visit's reason calls for, where it calls for one."""
        if procedure := PROCEDURES.get(visit.reason.code):
            visit.procedure = (procedure, self.now)

    def orders(self, visit: Visit) -> list[Order]:
        """Order one to three panels."""
        panels = self.random.sample(PANELS, k=self.random.choice((1, 1, 2, 3)))
        priority = self.random.choice("RRS")
        return [
            Order(
                placer=self.number("P"),
                filler=self.number("F"),
                panel=panel,
                by=visit.attending,
                placed=self.now,
                priority=priority,
                collected=self.now + self.minutes(5, 40),
                comment="Patient is fasting." if self.chance(0.2) else "",
            )
            for panel in panels
        ]

    def reports(self, order: Order) -> None:
        """Find results; of one seriously ill more of them are abnormal."""
        order.reported = self.now
        abnormal = self.random.choice((0.05, 0.15, 0.4))
        order.results = tuple(self._result(test, abnormal) for test in order.panel.tests)
        order.comment = "Specimen hemolyzed; potassium may read high." if self.chance(0.05) else ""

    def _result(self, test: Test, abnormal: float) -> Result:
        off = self.chance(abnormal)
        if test.answers:
            answer = self.random.choice(test.answers[1:]) if off else test.answers[0]
            return Result(test, answer, "A" if off else "N")
        width = test.high - test.low
        if not off:
            return Result(
                test, f"{self.random.uniform(test.low + width / 20, test.high - width / 20):.{test.digits}f}", "N"
            )
        high = self.chance(0.6) or test.low - width / 2 <= 0
        far = width * self.random.uniform(0.1, 0.9 if high else 0.5)
        value = test.high + far if high else test.low - far
        return Result(test, f"{value:.{test.digits}f}", "H" if high else "L")

    def document(self, visit: Visit) -> Document:
        """Write about a visit."""
        kind, title = self.random.choice(DOCUMENTS)
        patient = visit.patient
        age = (self.now.date() - patient.born).days // 365
        lines = (
            f"{title.text.upper()}",
            f"{age}-year-old {'female' if patient.sex == 'F' else 'male'} seen for {visit.reason.text.lower()}.",
            f"Allergies: {', '.join(a.allergen.text for a in patient.allergies) or 'none known'}.",
            "Temp 37.2 C | BP 128/82 & stable; pain 3/10 ~ improving.",  # delimiters, which have to be escaped
            "Plan: continue present treatment, follow up with the family doctor within two weeks.",
        )
        return Document(self.number("D"), kind, title, visit.attending, self.now, lines)

    def appointment(self) -> Appointment:
        """A slot in the clinic within the next weeks, on a quarter of an hour."""
        day = self.now + timedelta(days=self.random.randrange(1, 15))
        start = day.replace(hour=self.random.randrange(8, 17), minute=self.random.choice((0, 15, 30, 45)), second=0)
        return Appointment(
            placer=self.number("A"),
            filler=self.number("S"),
            start=start,
            minutes=self.random.choice((15, 30, 45)),
            reason=self.random.choice(CLINIC_REASONS),
            clinic=CLINIC,
            doctor=self.doctor(),
        )

    def doses(self) -> list[Dose]:
        """One to three vaccinations in one visit."""
        chosen = self.random.sample(VACCINES, k=self.random.choice((1, 1, 2, 3)))
        return [
            Dose(
                filler=self.number("I"),
                vaccine=vaccine,
                given=self.now,
                by=self.doctor(),
                lot=f"{self.random.choice('ABCDEFGHJK')}{self.random.randrange(10_000, 100_000)}",
                expires=self.now + timedelta(days=self.random.randrange(60, 700)),
            )
            for vaccine in chosen
        ]
