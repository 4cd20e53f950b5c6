"""Segments of version 2.5.1, written from what the hospital knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from hl7v2.escapes import escape
from hl7v2.generate.people import Address, Allergy, Doctor, Insurance, Patient, Relative
from hl7v2.generate.visits import Appointment, Bed, Document, Dose, Order, Result, Visit
from hl7v2.generate.vocabulary import Concept

FACILITY = "FIRTHGEN&2.16.840.1.113883.19.4&ISO"  # an OID of those that HL7 keeps for examples


def msh(event: str, structure: str, *, sender: str, receiver: str, control_id: str, now: datetime) -> str:
    """The header of a message of `event`, such as ADT^A01."""
    return (
        f"MSH|^~\\&|{sender}|{FACILITY.replace('&', '^')}|{receiver}|{FACILITY.replace('&', '^')}|{seconds(now)}-0500||"
        f"{event}^{structure}|{control_id}|P|2.5.1|||AL|NE||UNICODE UTF-8"
    )


def evn(trigger: str, now: datetime, operator: Doctor) -> str:
    """The event."""
    return line("EVN", {1: trigger, 2: seconds(now), 5: xcn(operator), 6: seconds(now)})


def pid(patient: Patient, account: str = "") -> str:
    """The patient."""
    return line(
        "PID",
        {
            1: "1",
            3: f"{cx(patient.number, 'MR')}~{components(patient.ssn)}^^^SSA^SS",
            5: f"{components(patient.family, patient.given, patient.middle)}^^^^L",
            7: day(patient.born),
            8: patient.sex,
            10: ce(patient.race),
            11: xad(patient.address),
            13: f"{xtn(patient.phone, 'PRN', 'PH')}~^NET^Internet^{escape(patient.email)}",
            15: ce(patient.language),
            16: ce(patient.marital),
            17: ce(patient.religion),
            18: cx(account, "AN") if account else "",
            22: ce(patient.ethnic_group),
        },
    )


def pd1(patient: Patient) -> str:
    """The family doctor."""
    return line("PD1", {4: xcn(patient.doctor)})


def nk1(patient: Patient) -> list[str]:
    """The next of kin."""
    return [_relative(number, relative, patient.address) for number, relative in enumerate(patient.relatives, 1)]


def _relative(number: int, relative: Relative, address: Address) -> str:
    return line(
        "NK1",
        {
            1: str(number),
            2: f"{components(relative.family, relative.given)}^^^^^L",
            3: ce(relative.relationship),
            4: xad(address) if relative.relationship.code in ("SPO", "MTH") else "",
            5: xtn(relative.phone, "PRN", "CP"),
            7: ce(Concept("N", "Next-of-Kin", "HL70131"))
            if number == 1
            else ce(Concept("C", "Emergency Contact", "HL70131")),
        },
    )


def pv1(visit: Visit) -> str:
    """The visit."""
    return line(
        "PV1",
        {
            1: "1",
            2: visit.kind,
            3: pl(visit.bed),
            4: visit.admission_type,
            6: pl(visit.prior) if visit.prior else "",
            7: xcn(visit.attending),
            8: xcn(visit.patient.doctor),
            10: visit.ward.service,
            14: visit.admit_source,
            17: xcn(visit.admitting),
            19: cx(visit.number, "VN"),
            36: visit.disposition,
            44: seconds(visit.admitted) if visit.admitted else "",
            45: seconds(visit.discharged) if visit.discharged else "",
        },
    )


def pv1_without_visit() -> str:
    """The visit segment of a message that is about no visit, but has to have one."""
    return line("PV1", {1: "1", 2: "N"})


def pv2(visit: Visit) -> str:
    """More of the visit."""
    expected = seconds(visit.expected_discharge) if visit.expected_discharge else ""
    return line("PV2", {3: ce(visit.reason), 9: expected})


def al1(allergies: Iterable[Allergy]) -> list[str]:
    """The allergies."""
    return [
        line(
            "AL1",
            {
                1: str(number),
                2: allergy.type,
                3: ce(allergy.allergen),
                4: allergy.severity,
                5: "~".join(map(escape, allergy.reactions)),
                6: day(allergy.since),
            },
        )
        for number, allergy in enumerate(allergies, 1)
    ]


def dg1(visit: Visit, now: datetime) -> str:
    """The diagnosis, final once the patient is discharged."""
    return line(
        "DG1",
        {
            1: "1",
            3: ce(visit.reason),
            5: seconds(visit.admitted or now),
            6: "F" if visit.discharged else "A",
            15: "1",
            16: xcn(visit.attending),
        },
    )


def pr1(visit: Visit) -> list[str]:
    """The procedure, where there was one."""
    if visit.procedure is None:
        return []
    procedure, when = visit.procedure
    return [line("PR1", {1: "1", 3: ce(procedure), 5: seconds(when), 6: "P", 11: xcn(visit.attending)})]


def gt1(patient: Patient) -> str:
    """Who pays: a parent for a child, the patient otherwise."""
    guarantor = patient.relatives[0] if patient.relatives[0].relationship.code == "MTH" else None
    family, given = (guarantor.family, guarantor.given) if guarantor else (patient.family, patient.given)
    relation = guarantor.relationship if guarantor else Concept("SEL", "Self", "HL70063")
    return line(
        "GT1",
        {
            1: "1",
            3: f"{components(family, given)}^^^^^L",
            5: xad(patient.address),
            6: xtn(guarantor.phone if guarantor else patient.phone, "PRN", "PH"),
            11: ce(relation),
        },
    )


def in1(patient: Patient) -> list[str]:
    """The insurances."""
    return [_insurance(number, insurance, patient) for number, insurance in enumerate(patient.insurances, 1)]


def _insurance(number: int, insurance: Insurance, patient: Patient) -> str:
    return line(
        "IN1",
        {
            1: str(number),
            2: ce(insurance.plan),
            3: components(insurance.plan.code),
            4: components(insurance.company),
            8: insurance.group,
            12: day(insurance.since),
            16: f"{components(patient.family, patient.given)}^^^^^L",
            17: ce(Concept("SEL", "Self", "HL70063")),
            18: day(patient.born),
            19: xad(patient.address),
            36: insurance.policy,
        },
    )


def mrg(number: str) -> str:
    """The identifier that is merged away."""
    return line("MRG", {1: cx(number, "MR")})


def orc(order: Order, control: str) -> str:
    """What is to happen to the order; `control` of table 0119."""
    return line(
        "ORC",
        {
            1: control,
            2: ei(order.placer, "OE"),
            3: ei(order.filler, "LAB") if order.reported else "",
            5: "CM" if order.reported else "",
            9: seconds(order.reported or order.placed),
            12: xcn(order.by),
        },
    )


def tq1(order: Order) -> str:
    """When and how urgent."""
    return line("TQ1", {1: "1", 7: seconds(order.collected), 9: components(order.priority)})


def obr(number: int, order: Order, reason: Concept | None) -> str:
    """What is ordered, and once it is there, what was found and when."""
    reported = order.reported is not None
    return line(
        "OBR",
        {
            1: str(number),
            2: ei(order.placer, "OE"),
            3: ei(order.filler, "LAB") if reported else "",
            4: ce(order.panel.concept),
            7: seconds(order.collected) if reported else "",
            16: xcn(order.by),
            22: seconds(order.reported) if order.reported else "",
            24: order.panel.section if reported else "",
            25: "F" if reported else "",
            31: ce(reason) if reason else "",
        },
    )


def spm(order: Order) -> str:
    """The specimen."""
    return line("SPM", {1: "1", 4: ce(order.panel.specimen), 17: seconds(order.collected)})


def obx_result(number: int, result: Result, order: Order) -> str:
    """A laboratory result."""
    test = result.test
    return line(
        "OBX",
        {
            1: str(number),
            2: "ST" if test.answers else "NM",
            3: ce(Concept(test.code, test.text, "LN")),
            5: escape(result.value),
            6: components(test.units, test.units, "UCUM") if test.units else "",
            7: test.answers[0] if test.answers else f"{test.low:.{test.digits}f}-{test.high:.{test.digits}f}",
            8: result.flag,
            11: "F",
            14: seconds(order.collected),
            15: "LAB^Firth General Laboratory^L",
            19: seconds(order.reported) if order.reported else "",
        },
    )


def obx_text(number: int, concept: Concept, text: str) -> str:
    """A line of text."""
    return line("OBX", {1: str(number), 2: "TX", 3: ce(concept), 4: str(number), 5: escape(text), 11: "F"})


def obx_code(number: int, concept: Concept, answer: Concept, when: datetime) -> str:
    """An observation with a coded answer."""
    return line("OBX", {1: str(number), 2: "CE", 3: ce(concept), 5: ce(answer), 11: "F", 14: seconds(when)})


def nte(text: str) -> str:
    """A comment."""
    return line("NTE", {1: "1", 2: "L", 3: escape(text)})


def sch(appointment: Appointment) -> str:
    """An appointment."""
    doctor = xcn(appointment.doctor)
    return line(
        "SCH",
        {
            1: ei(appointment.placer, "OE"),
            2: ei(appointment.filler, "SCHED"),
            6: "NEW^New appointment^L",
            7: ce(appointment.reason),
            8: "Normal^Routine schedule request type^HL70277",
            9: str(appointment.minutes),
            10: "min^minute^UCUM",
            11: f"1^^^{seconds(appointment.start)}",
            16: doctor,
            20: doctor,
            25: "Booked^Booked^HL70278",
        },
    )


def appointment_resources(appointment: Appointment) -> list[str]:
    """What the appointment takes: service, room, doctor."""
    start, minutes, status = seconds(appointment.start), str(appointment.minutes), "Booked^Booked^HL70278"
    unit = "min^minute^UCUM"
    return [
        "RGS|1|A",
        line("AIS", {1: "1", 2: "A", 3: "CONSULT^Consultation^L", 4: start, 7: minutes, 8: unit, 10: status}),
        line("AIL", {1: "1", 2: "A", 3: pl(appointment.clinic), 6: start, 9: minutes, 10: unit, 12: status}),
        line("AIP", {1: "1", 2: "A", 3: xcn(appointment.doctor), 6: start, 9: minutes, 10: unit, 12: status}),
    ]


def vaccination(dose: Dose) -> list[str]:
    """A dose that was given: order, administration, route."""
    given, vaccine = seconds(dose.given), dose.vaccine
    return [
        line("ORC", {1: "RE", 3: ei(dose.filler, "IMM"), 12: xcn(dose.by)}),
        line(
            "RXA",
            {
                1: "0",
                2: "1",
                3: given,
                4: given,
                5: ce(vaccine.concept),
                6: f"{vaccine.dose:g}",
                7: "mL^milliliter^UCUM",
                9: "00^New immunization record^NIP001",
                10: xcn(dose.by),
                11: "^^^FIRTHGEN",
                15: dose.lot,
                16: day(dose.expires),
                17: ce(vaccine.manufacturer),
                20: "CP",
                21: "A",
            },
        ),
        line("RXR", {1: ce(vaccine.route), 2: ce(vaccine.site)}),
    ]


def txa(document: Document) -> str:
    """The head of a document."""
    return line(
        "TXA",
        {
            1: "1",
            2: document.type,
            3: "TX",
            4: seconds(document.written),
            6: seconds(document.written),
            9: xcn(document.author),
            12: ei(document.number, "DOC"),
            17: "AU",
            19: "AV",
        },
    )


# ---- data types


def line(name: str, fields: Mapping[int, str]) -> str:
    """A segment of `fields`, encoded already, by number."""
    return "|".join((name, *(fields.get(number, "") for number in range(1, max(fields) + 1)))).rstrip("|")


def components(*texts: str) -> str:
    """Texts as components, without those at the end that are empty."""
    return "^".join(map(escape, texts)).rstrip("^")


def ce(concept: Concept) -> str:
    """A coded element."""
    return components(concept.code, concept.text, concept.system)


def cx(number: str, kind: str) -> str:
    """An identifier of this hospital; its kind of table 0203."""
    return f"{escape(number)}^^^{FACILITY}^{kind}"


def ei(number: str, system: str) -> str:
    """An id that one of the hospital's systems gave."""
    return components(number, system)


def xcn(doctor: Doctor) -> str:
    """A doctor."""
    return f"{components(doctor.number, doctor.family, doctor.given)}^^^^^^{FACILITY}^L^^^DN"


def xad(address: Address) -> str:
    """A home address."""
    return f"{components(address.street, '', address.city, address.state, address.postal_code)}^USA^H"


def xtn(number: str, use: str, equipment: str) -> str:
    """A phone number of ten digits."""
    return f"({number[:3]}){number[3:6]}-{number[6:]}^{use}^{equipment}^^1^{number[:3]}^{number[3:]}"


def pl(bed: Bed) -> str:
    """A place in the hospital."""
    return f"{bed.ward}^{bed.room}^{bed.bed}^{FACILITY}"


def seconds(moment: datetime) -> str:
    """A moment to the second."""
    return f"{moment:%Y%m%d%H%M%S}"


def day(moment: date) -> str:
    """A day."""
    return f"{moment:%Y%m%d}"


def obx_results(results: Sequence[Result], order: Order) -> list[str]:
    """All results of an order."""
    return [obx_result(number, result, order) for number, result in enumerate(results, 1)]
