"""The columns that several tables share: message, event, patient, visit."""

from __future__ import annotations

from hl7v2.schemas.shape import Group, Rows, address, coded, email, often, person, phone, place, text, time

MESSAGE = Group(
    "message",
    "what the header says",
    (
        text("message_control_id", "MSH-10", "the sender's id of the message"),
        often(text("message_type", "MSH-9.1", "ADT, ORU, …")),
        often(text("trigger_event", "MSH-9.2", "A01, R01, …")),
        often(text("message_structure", "MSH-9.3", "ADT_A01, ORU_R01, …")),
        time("message_datetime", "MSH-7", "when the message was made"),
        often(text("version", "MSH-12", "version of the standard")),
        often(text("processing_id", "MSH-11", "P production, T training, D debugging")),
        often(text("sending_application", "MSH-3", "sending application")),
        often(text("sending_facility", "MSH-4", "sending facility")),
        often(text("receiving_application", "MSH-5", "receiving application")),
        often(text("receiving_facility", "MSH-6", "receiving facility")),
    ),
)

EVENT = Group(
    "event",
    "what happened, and when",
    (
        text("event_type_code", "EVN-1", "trigger event once more, as older senders give it"),
        time("event_recorded_datetime", "EVN-2", "when the event was entered"),
        time("event_planned_datetime", "EVN-3", "when it was planned for"),
        text("event_reason", "EVN-4", "why it happened"),
        *person("event_operator", "EVN-5", "who entered it"),
        time("event_occurred_datetime", "EVN-6", "when it really happened"),
        text("event_facility", "EVN-7", "where it really happened"),
    ),
)

PATIENT = Group(
    "patient",
    "who it is about",
    (
        text("patient_id", "PID-3.1 PID-2.1", "first identifier of the patient"),
        text("patient_id_authority", "PID-3.4.1 PID-2.4.1", "who gave that identifier"),
        text("patient_name_family", "PID-5.1.1", "family name"),
        text("patient_name_given", "PID-5.2", "given name"),
        text("patient_name_middle", "PID-5.3", "further given names"),
        text("patient_name_suffix", "PID-5.4", "suffix (JR, III)"),
        text("patient_name_prefix", "PID-5.5", "prefix (DR)"),
        time("patient_birth_date", "PID-7", "date of birth"),
        text("patient_sex", "PID-8", "administrative sex, table 0001"),
        *coded("patient_race_", "PID-10", "race"),
        *address("patient_address_", "PID-11", "first address"),
        phone("patient_phone", "PID-13", "first phone at home"),
        email("patient_email", "PID-13", "first e-mail address"),
        phone("patient_work_phone", "PID-14", "first phone at work"),
        text("patient_language", "PID-15", "primary language"),
        text("patient_marital_status", "PID-16", "marital status, table 0002"),
        text("patient_religion", "PID-17", "religion"),
        text("patient_account_number", "PID-18", "account that charges go to"),
        text("patient_ssn", "PID-19", "social security number"),
        text("patient_ethnic_group", "PID-22", "ethnic group"),
        text("patient_birth_place", "PID-23", "place of birth"),
        time("patient_death_datetime", "PID-29", "when the patient died"),
        text("patient_death_indicator", "PID-30", "Y where the patient died"),
        *person("primary_care_provider", "PD1-4", "family doctor"),
    ),
)

VISIT = Group(
    "visit",
    "the visit that it is about",
    (
        text("visit_number", "PV1-19", "id of the visit"),
        text("patient_class", "PV1-2", "I inpatient, O outpatient, E emergency, … table 0004"),
        *place("location", "PV1-3", "where the patient is"),
        text("admission_type", "PV1-4", "A accident, E emergency, R routine, … table 0007"),
        text("preadmit_number", "PV1-5", "id of the pre-admission"),
        *place("prior_location", "PV1-6", "where the patient was before"),
        *person("attending_doctor", "PV1-7", "attending doctor"),
        *person("referring_doctor", "PV1-8", "referring doctor"),
        *person("consulting_doctor", "PV1-9", "first consulting doctor"),
        *person("admitting_doctor", "PV1-17", "admitting doctor"),
        text("hospital_service", "PV1-10", "service that treats the patient, table 0069"),
        text("admit_source", "PV1-14", "where the patient came from, table 0023"),
        text("vip_indicator", "PV1-16", "very important person"),
        text("patient_type", "PV1-18", "patient type of the site"),
        text("financial_class", "PV1-20", "who pays"),
        text("discharge_disposition", "PV1-36", "how the visit ended, table 0112"),
        text("discharged_to_location", "PV1-37", "where the patient went"),
        text("servicing_facility", "PV1-39", "facility that the visit is at"),
        time("admit_datetime", "PV1-44", "admitted"),
        time("discharge_datetime", "PV1-45", "discharged"),
        *coded("admit_reason_", "PV2-3", "reason of the admission"),
        time("expected_admit_datetime", "PV2-8", "admission expected"),
        time("expected_discharge_datetime", "PV2-9", "discharge expected"),
    ),
)

PATIENT_IDENTIFIERS = Rows(
    "patient_identifiers",
    "every identifier of the patient",
    (
        text("id", "PID-3.1", "identifier"),
        text("authority", "PID-3.4.1", "who gave it: namespace"),
        text("authority_id", "PID-3.4.2", "who gave it: OID or other universal id"),
        text("authority_id_type", "PID-3.4.3", "kind of that id (ISO, DNS)"),
        text("type", "PID-3.5", "MR, SS, DL, … table 0203"),
        text("facility", "PID-3.6.1", "where it was given"),
    ),
    field="PID-3",
)
PATIENT_NAMES = Rows(
    "patient_names",
    "every name of the patient",
    (
        text("family", "PID-5.1.1", "family name"),
        text("given", "PID-5.2", "given name"),
        text("middle", "PID-5.3", "further given names"),
        text("suffix", "PID-5.4", "suffix"),
        text("prefix", "PID-5.5", "prefix"),
        text("type", "PID-5.7", "L legal, M maiden, A alias, … table 0200"),
    ),
    field="PID-5",
)
PATIENT_ADDRESSES = Rows(
    "patient_addresses",
    "every address of the patient",
    (*address("", "PID-11", "address"), text("type", "PID-11.7", "H home, O office, … table 0190")),
    field="PID-11",
)
PATIENT_PHONES = Rows(
    "patient_phones",
    "every phone and e-mail address at home",
    (
        phone("number", "PID-13", "phone number"),
        text("use", "PID-13.2", "PRN primary, ORN other, … table 0201"),
        text("equipment", "PID-13.3", "PH phone, CP cell, … table 0202"),
        text("email", "PID-13.4", "e-mail address"),
    ),
    field="PID-13",
)
PATIENT_LISTS: tuple[Rows, ...] = (PATIENT_IDENTIFIERS, PATIENT_NAMES, PATIENT_ADDRESSES, PATIENT_PHONES)
