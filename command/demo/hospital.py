"""Patients of a hospital that never was: every row of MIMIC-III's tables that one of them would leave.

A patient depends on the seed and on his number alone: the first thousand of a million are the thousand of a
smaller demo. Ids are spread by the number too, so no count has to be kept between patients.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from faker import Faker

from command.demo import terms
from command.demo.bad_rows import spoil
from command.demo.tables import Cell, Row, Rows

PATIENT_TABLES = ("patients", "admissions", "icustays", "diagnoses_icd", "prescriptions", "labevents")

# How many of each, and how often: 28 resources a patient, so that a thousand patients are a demo of minutes.
# A real hospital has more of everything (MIMIC-III: eleven diagnoses an admission, seventy prescriptions).
ADMISSIONS = {1: 79, 2: 13, 3: 5, 4: 3}
ICU_STAYS = {0: 6, 1: 86, 2: 8}
DIAGNOSES = range(2, 7)
PRESCRIPTIONS = range(3, 11)
LAB_EVENTS = range(6, 16)

# Room for the ids of one patient in each table, more than the figures above can fill.
ADMISSION_ROOM, ICU_ROOM, DIAGNOSIS_ROOM, ORDER_ROOM, LAB_ROOM = 4, 8, 24, 48, 64

FIRST_DAY, LAST_DAY = datetime(2100, 1, 1), datetime(2190, 1, 1)  # where MIMIC-III's dates are shifted to


class Hospital:
    """The patients of one `seed`. Not to be shared by threads."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._fake = Faker("en_US")

    def patient(self, number: int) -> Rows:
        """All rows of patient `number` (from 0), by table."""
        self._fake.seed_instance(f"{self._seed}:{number}")
        arrival = self._fake.date_time_between_dates(FIRST_DAY, LAST_DAY).replace(second=0, microsecond=0)
        rows = _Patient(number, self._fake.random).rows(arrival)
        spoil(rows, number)
        return rows

    def caregivers(self, patients: int) -> list[Row]:
        """The staff of a hospital with that many patients: fifty, and one for every twenty patients."""
        rng = Random(f"{self._seed}:caregivers")  # noqa: S311 -- nobody is to be kept from guessing them
        labels = [_pick(rng, terms.CAREGIVERS) for _ in range(50 + patients // 20)]
        return [
            (number, 14_000 + number, label, terms.CAREGIVER_DESCRIPTIONS[label or ""])
            for number, label in enumerate(labels, start=1)
        ]


class _Patient:
    """One patient's rows as they are made, admission after admission."""

    def __init__(self, number: int, rng: Random) -> None:
        self._number = number
        self._rng = rng
        self._subject_id = 10_000 + number
        self._rows: Rows = {table: [] for table in PATIENT_TABLES}

    def rows(self, arrival: datetime) -> Rows:
        rng = self._rng
        count = int(rng.choices(list(ADMISSIONS), list(ADMISSIONS.values()))[0])
        birth = _birth(rng, arrival)
        # What a patient says of himself at each admission. It stays the same, so that Patient has one answer.
        about = (
            _pick(rng, terms.LANGUAGES),
            _pick(rng, terms.RELIGIONS),
            _pick(rng, terms.MARITAL_STATUSES),
            _pick(rng, terms.ETHNICITIES),
        )
        dies = rng.random() < 0.1
        death = None
        for ordinal in range(count):
            leaves = arrival + timedelta(minutes=rng.randrange(1_000, 20_000))
            death = leaves if dies and ordinal == count - 1 else None
            self._admission(ordinal, arrival, leaves, death, about)
            arrival = leaves + timedelta(days=rng.randrange(20, 900), minutes=rng.randrange(1440))
        dod = death and death.replace(hour=0, minute=0)
        gender = _pick(rng, terms.GENDERS)
        self._add("patients", 1, (self._subject_id, gender, birth, dod, dod, None, 1 if dies else 0))
        return self._rows

    def _admission(
        self, ordinal: int, arrives: datetime, leaves: datetime, death: datetime | None, about: tuple[Cell, ...]
    ) -> None:
        rng = self._rng
        hadm_id = 100_000 + self._number * ADMISSION_ROOM + ordinal
        emergency = rng.random() < 0.7
        to = "DEAD/EXPIRED" if death else _pick(rng, terms.DISCHARGE_LOCATIONS)
        row: Row = (
            self._subject_id,
            hadm_id,
            arrives,
            leaves,
            death,
            "EMERGENCY" if emergency else _pick(rng, terms.ADMISSION_TYPES),
            "EMERGENCY ROOM ADMIT" if emergency else _pick(rng, terms.ADMISSION_LOCATIONS),
            to,
            _pick(rng, terms.INSURANCES),
            *about,
            arrives - timedelta(hours=5) if emergency else None,
            arrives + timedelta(minutes=20) if emergency else None,
            rng.choice(terms.COMPLAINTS),
            1 if death else 0,
            1,
        )
        self._add("admissions", ADMISSION_ROOM, row)
        icustay_id = self._icu_stays(hadm_id, arrives, leaves)
        self._diagnoses(hadm_id)
        self._prescriptions(hadm_id, icustay_id, arrives, leaves)
        self._lab_events(hadm_id, arrives, leaves)

    def _icu_stays(self, hadm_id: int, arrives: datetime, leaves: datetime) -> int | None:
        """The admission's ICU stays, one after another; the id of the last."""
        rng = self._rng
        icustay_id = None
        minutes = int((leaves - arrives).total_seconds()) // 60
        for part in range(int(rng.choices(list(ICU_STAYS), list(ICU_STAYS.values()))[0])):
            begin = arrives + timedelta(minutes=part * minutes // 2 + rng.randrange(60))
            stay = timedelta(minutes=rng.randrange(minutes // 4, minutes // 2 - 60))
            unit = _pick(rng, terms.CARE_UNITS)
            icustay_id = 200_000 + self._number * ICU_ROOM + len(self._rows["icustays"])
            ward = rng.randrange(7, 58)
            days = round(stay / timedelta(days=1), 4)
            place: Row = ("metavision", unit, unit, ward, ward, begin, begin + stay, days)
            self._add("icustays", ICU_ROOM, (self._subject_id, hadm_id, icustay_id, *place))
        return icustay_id

    def _diagnoses(self, hadm_id: int) -> None:
        rng = self._rng
        codes = [code for code, _, _ in rng.sample(terms.DIAGNOSES, rng.choice(DIAGNOSES))]
        if rng.random() < 0.02:
            codes.append(rng.choice(terms.CODES_WITHOUT_TITLE))
        for place, code in enumerate(codes, start=1):
            self._add("diagnoses_icd", DIAGNOSIS_ROOM, (self._subject_id, hadm_id, place, code))

    def _prescriptions(self, hadm_id: int, icustay_id: int | None, arrives: datetime, leaves: datetime) -> None:
        rng = self._rng
        last = (leaves - arrives).days
        midnight = arrives.replace(hour=0, minute=0)
        for drug in rng.sample(terms.DRUGS, rng.choice(PRESCRIPTIONS)):
            start = midnight + timedelta(days=rng.randint(0, last))
            stay: Row = (self._subject_id, hadm_id, icustay_id, start, start + timedelta(days=rng.randrange(1, 6)))
            self._order(stay, drug)
            if drug.form == "BAG" and drug.type == "MAIN":
                self._order(stay, rng.choice(terms.BASES))

    def _order(self, stay: Row, drug: terms.Drug) -> None:
        dose = self._rng.choice(drug.doses)
        generic = drug.generic or None
        names: Row = (drug.type, drug.name, generic, generic, drug.code, None, drug.ndc, drug.strength)
        self._add("prescriptions", ORDER_ROOM, (*stay, *names, dose, drug.unit, "1", drug.form, drug.route))

    def _lab_events(self, hadm_id: int, arrives: datetime, leaves: datetime) -> None:
        rng = self._rng
        minutes = int((leaves - arrives).total_seconds()) // 60
        for _ in range(rng.choice(LAB_EVENTS)):
            item = rng.choice(terms.LAB_ITEMS)
            # One in twenty was taken before the patient was admitted, and knows of no admission.
            outside = rng.random() < 0.05
            when = arrives + timedelta(minutes=-1440 if outside else rng.randrange(minutes))
            result = _result(rng, item)
            stay = None if outside else hadm_id
            self._add("labevents", LAB_ROOM, (self._subject_id, stay, item.itemid, when, *result))

    def _add(self, table: str, room: int, row: Row) -> None:
        rows = self._rows[table]
        rows.append((self._number * room + len(rows) + 1, *row))


def _birth(rng: Random, arrival: datetime) -> datetime:
    """A birthday before the first admission. MIMIC-III makes everyone older than 89 about 300 years old."""
    age = rng.gauss(62, 17)
    years = 300 if age > 89 else max(age, 16)
    return (arrival - timedelta(days=years * 365.25)).replace(hour=0, minute=0, second=0, microsecond=0)


def _result(rng: Random, item: terms.LabItem) -> Row:
    """value, valuenum, valueuom and flag of one test."""
    if item.texts:
        return rng.choice(item.texts), None, None, None
    number = max(round(rng.gauss(item.mean, item.spread), item.digits), 0.0)
    text = f"{number:.{item.digits}f}"
    return text, number, item.unit, None if item.low <= number <= item.high else "abnormal"


def _pick(rng: Random, weighted: terms.Weighted) -> str | None:
    return rng.choices(list(weighted), list(weighted.values()))[0]
