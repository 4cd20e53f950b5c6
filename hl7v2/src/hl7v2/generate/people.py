"""The people of the generated messages: patients that stay who they are, and the doctors who treat them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta

from faker import Faker

from hl7v2.generate.vocabulary import (
    ALLERGENS,
    ETHNIC_GROUPS,
    INSURERS,
    MARITAL,
    RACES,
    REACTIONS,
    RELIGIONS,
    Concept,
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody lives."""

    street: str
    city: str
    state: str
    postal_code: str


@dataclass(frozen=True, slots=True)
class Doctor:
    """A clinician of the hospital."""

    number: str
    family: str
    given: str


@dataclass(frozen=True, slots=True)
class Allergy:
    """An allergy: type (table 0127), severity (table 0128), reactions."""

    type: str
    allergen: Concept
    severity: str
    reactions: tuple[str, ...]
    since: date


@dataclass(frozen=True, slots=True)
class Relative:
    """A next of kin; relationship of table 0063."""

    family: str
    given: str
    relationship: Concept
    phone: str


@dataclass(frozen=True, slots=True)
class Insurance:
    """An insurance of the patient."""

    plan: Concept
    company: str
    group: str
    policy: str
    since: date


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient. What changes (an address, a number) makes a new value for the same `number`."""

    number: str
    ssn: str
    family: str
    given: str
    middle: str
    sex: str
    born: date
    race: Concept
    ethnic_group: Concept
    marital: Concept
    religion: Concept
    language: Concept
    address: Address
    phone: str
    email: str
    doctor: Doctor
    relatives: tuple[Relative, ...]
    allergies: tuple[Allergy, ...]
    insurances: tuple[Insurance, ...]


class People:
    """Makes people, the same ones for the same seed. No number of theirs can be a real person's."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 -- nobody is to be kept from guessing
        # One name in five has letters that ASCII lacks: a feed without them hides what goes wrong with character sets.
        self._faker = Faker(["en_US", "es_MX"])
        self._faker.seed_instance(seed)
        self._numbers = 0

    def doctor(self) -> Doctor:
        """A new doctor."""
        return Doctor(
            f"{self._random.randrange(10**9, 2 * 10**9)}", self._english().last_name(), self._english().first_name()
        )

    def patient(self, today: date, doctor: Doctor) -> Patient:
        """A new patient, at most 95 years old, in the care of `doctor`."""
        rng = self._random
        self._numbers += 1
        names = self._faker["es_MX"] if rng.random() < 0.2 else self._english()
        sex = rng.choice("FM")
        given, middle = (names.first_name_female() if sex == "F" else names.first_name_male() for _ in range(2))
        family = names.last_name()
        born = today - timedelta(days=int(365.25 * rng.triangular(0, 95, 60)) + rng.randrange(1, 365))
        age = (today - born).days // 365
        marital = MARITAL["S"] if age < 20 else rng.choice(tuple(MARITAL.values()))
        return Patient(
            number=f"{1_000_000 + self._numbers}",
            ssn=f"9{rng.randrange(100):02}-00-{rng.randrange(1, 10_000):04}",  # no such group exists
            family=family,
            given=given,
            middle=middle,
            sex=sex,
            born=born,
            race=rng.choices(RACES, (60, 13, 6, 1, 20))[0],
            ethnic_group=rng.choices(ETHNIC_GROUPS, (80, 20))[0],
            marital=marital,
            religion=rng.choice(RELIGIONS),
            language=Concept("en", "English", "ISO639"),
            address=self.address(),
            phone=self.phone(),
            email=f"{self._english().user_name()}@example.org",
            doctor=doctor,
            relatives=self._relatives(family, child=age < 18, married=marital.code == "M"),
            allergies=tuple(self._allergies(born, today)),
            insurances=tuple(self._insurances(age, today)),
        )

    def address(self) -> Address:
        """A new address."""
        english = self._english()
        state = english.state_abbr(include_territories=False, include_freely_associated_states=False)
        return Address(english.street_address(), english.city(), state, english.postcode_in_state(state))

    def phone(self) -> str:
        """A number of those that are kept for fiction."""
        return f"{self._random.randrange(201, 990)}55501{self._random.randrange(100):02}"

    def _english(self) -> Faker:
        return self._faker["en_US"]

    def _relatives(self, family: str, *, child: bool, married: bool) -> tuple[Relative, ...]:
        if child:
            mother = Concept("MTH", "Mother", "HL70063")
            return (Relative(family, self._english().first_name_female(), mother, self.phone()),)
        relation = Concept("SPO", "Spouse", "HL70063") if married else Concept("SIB", "Sibling", "HL70063")
        emergency = Concept("EMC", "Emergency contact", "HL70063")
        friend = Relative(self._english().last_name(), self._english().first_name(), emergency, self.phone())
        return (Relative(family, self._english().first_name(), relation, self.phone()), friend)

    def _allergies(self, born: date, today: date) -> list[Allergy]:
        rng = self._random
        found = rng.sample(ALLERGENS, k=rng.choices((0, 1, 2, 3), (50, 30, 15, 5))[0])
        return [
            Allergy(
                kind,
                allergen,
                rng.choice(("MI", "MO", "SV")),
                tuple(rng.sample(REACTIONS, k=rng.choice((1, 1, 2)))),
                born + timedelta(days=rng.randrange((today - born).days)),
            )
            for kind, allergen in found
        ]

    def _insurances(self, age: int, today: date) -> list[Insurance]:
        rng = self._random
        private, public = INSURERS[:2], INSURERS[2:]
        chosen = [public[0], rng.choice(private)] if age >= 65 else [rng.choice((*private, public[1]))]
        return [
            Insurance(
                plan,
                company,
                f"GRP{rng.randrange(10_000):04}",
                f"{rng.randrange(10**8, 10**9)}",
                date(today.year - rng.randrange(1, 6), 1, 1),
            )
            for plan, company in chosen
        ]
