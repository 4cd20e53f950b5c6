"""The lists that tables are put together from: each made of one kind of segment or group."""

from __future__ import annotations

from hl7v2.schemas.shape import Column, Group, Rows, address, coded, often, person, phone, place, text, texts, time

SET_ID = "number that the sender gave it within the message"
NOTES = Column("notes", ("NTE-3",), "comments that follow it", "notes")
COMMENTS = Group("comments", "what was said besides", (Column("notes", ("NTE-3",), "comments on the whole", "notes"),))

OF_ORDERS = "which of the row's orders it belongs to, counted from 1; None before the first"
OF_VACCINATIONS = "which of the row's vaccinations it belongs to, counted from 1; None before the first"

ALLERGIES = Rows(
    "allergies",
    "what the patient is allergic to",
    (
        text("set_id", "AL1-1 IAM-1", SET_ID),
        *coded("", "AL1-3 IAM-3", "allergen"),
        text("type", "AL1-2.1 IAM-2.1", "DA drug, FA food, … table 0127"),
        text("severity", "AL1-4.1 IAM-4.1", "SV, MO, MI, U, table 0128"),
        texts("reactions", "AL1-5 IAM-5", "reactions"),
        time("identified_date", "AL1-6 IAM-13", "when it was found"),
    ),
    opens=("AL1", "IAM"),
)
DIAGNOSES = Rows(
    "diagnoses",
    "diagnoses",
    (
        text("set_id", "DG1-1", SET_ID),
        text("code", "DG1-3.1", "diagnosis"),
        text("text", "DG1-3.2 DG1-4", "diagnosis, in words"),
        text("system", "DG1-3.3 DG1-2", "diagnosis: coding system"),
        time("diagnosed_datetime", "DG1-5", "when it was made"),
        text("type", "DG1-6", "A admitting, W working, F final, table 0052"),
        text("priority", "DG1-15", "1 for the main diagnosis"),
        *person("clinician", "DG1-16", "who made it"),
        text("action_code", "DG1-21", "A add, U update, D delete, table 0206"),
    ),
    opens=("DG1",),
)
PROCEDURES = Rows(
    "procedures",
    "procedures",
    (
        text("set_id", "PR1-1", SET_ID),
        text("code", "PR1-3.1", "procedure"),
        text("text", "PR1-3.2 PR1-4", "procedure, in words"),
        text("system", "PR1-3.3 PR1-2", "procedure: coding system"),
        time("procedure_datetime", "PR1-5", "when it was done"),
        text("type", "PR1-6", "A anesthesia, P procedure, … table 0230"),
        text("minutes", "PR1-7", "how long it took"),
        *person("surgeon", "PR1-11", "surgeon"),
    ),
    opens=("PR1",),
)
NEXT_OF_KIN = Rows(
    "next_of_kin",
    "relatives and contacts",
    (
        text("set_id", "NK1-1", SET_ID),
        text("family", "NK1-2.1.1", "family name"),
        text("given", "NK1-2.2", "given name"),
        text("relationship_code", "NK1-3.1", "SPO, MTH, … table 0063"),
        text("relationship_text", "NK1-3.2", "relationship, in words"),
        *address("address_", "NK1-4", "address"),
        phone("phone", "NK1-5", "phone"),
        phone("work_phone", "NK1-6", "phone at work"),
        text("contact_role", "NK1-7", "N next of kin, C emergency contact, … table 0131"),
    ),
    opens=("NK1",),
)
INSURANCE = Rows(
    "insurance",
    "insurances, the first pays first",
    (
        text("set_id", "IN1-1", SET_ID),
        text("plan_id", "IN1-2.1", "plan"),
        text("plan_text", "IN1-2.2", "plan, in words"),
        text("company_id", "IN1-3", "company"),
        text("company_name", "IN1-4", "company, in words"),
        text("group_number", "IN1-8", "group"),
        text("group_name", "IN1-9", "group, in words"),
        time("effective_date", "IN1-12", "valid from"),
        time("expiration_date", "IN1-13", "valid to"),
        text("plan_type", "IN1-15", "plan type"),
        text("insured_family", "IN1-16.1.1", "insured person: family name"),
        text("insured_given", "IN1-16.2", "insured person: given name"),
        text("insured_relationship", "IN1-17.1", "insured person to patient, table 0063"),
        time("insured_birth_date", "IN1-18", "insured person: date of birth"),
        text("policy_number", "IN1-36", "policy"),
        text("insured_id", "IN1-49 IN2-61", "insured person: id"),
    ),
    opens=("IN1",),
    joins=("IN2",),
)
GUARANTORS = Rows(
    "guarantors",
    "who pays the bill",
    (
        text("set_id", "GT1-1", SET_ID),
        text("id", "GT1-2", "number"),
        text("family", "GT1-3.1.1", "family name"),
        text("given", "GT1-3.2", "given name"),
        *address("address_", "GT1-5", "address"),
        phone("phone", "GT1-6", "phone"),
        time("birth_date", "GT1-8", "date of birth"),
        text("relationship_code", "GT1-11.1", "table 0063"),
    ),
    opens=("GT1",),
)
MERGES = Rows(
    "merges",
    "which identity went up in which",
    (
        text("patient_id", "PID-3.1", "the identifier that stays"),
        text("patient_id_authority", "PID-3.4.1", "who gave it"),
        text("prior_patient_id", "MRG-1.1 MRG-4.1", "the identifier that went"),
        text("prior_patient_id_authority", "MRG-1.4.1 MRG-4.4.1", "who gave that"),
        text("prior_account_number", "MRG-3", "the account that went"),
        text("prior_visit_number", "MRG-5", "the visit that went"),
    ),
    opens=("PID",),
    joins=("MRG",),
    needs="MRG",
)

ORDERS = Rows(
    "orders",
    "orders, each an ORC with its OBR or its pharmacy segment",
    (
        text("set_id", "OBR-1", SET_ID),
        text("order_control", "ORC-1", "NW new, CA cancel, RE results follow, … table 0119"),
        text("placer_order_number", "ORC-2 OBR-2", "id that the ordering system gave"),
        text("filler_order_number", "ORC-3 OBR-3", "id that the performing system gave"),
        text("placer_group_number", "ORC-4", "id of the group of orders"),
        text("order_status", "ORC-5", "A, CM, IP, … table 0038"),
        *coded("", "OBR-4 RXO-1 RXE-2 RXD-2 ODS-3", "what was ordered"),
        text("priority", "OBR-5 TQ1-9 ORC-7.6 OBR-27.6", "S stat, A as soon as possible, R routine"),
        time("ordered_datetime", "ORC-9", "when the order was placed"),
        time("start_datetime", "TQ1-7 ORC-7.4 OBR-27.4", "when it is to start"),
        *person("ordering_provider", "ORC-12 OBR-16", "who ordered"),
        *coded("reason_", "OBR-31 ORC-16", "why it was ordered"),
        text("give_amount", "RXO-2 RXE-3 RXD-4", "pharmacy: amount, the smallest where a range"),
        text("give_units", "RXO-4 RXE-5 RXD-5", "pharmacy: units of the amount"),
        text("specimen_code", "SPM-4.1 OBR-15.1.1", "kind of specimen, table 0487 or 0070"),
        text("specimen_text", "SPM-4.2 OBR-15.1.2", "kind of specimen, in words"),
        time("specimen_received_datetime", "SPM-18 OBR-14", "when the specimen arrived"),
        time("observation_datetime", "OBR-7", "when the specimen was taken, or the observation made"),
        time("observation_end_datetime", "OBR-8", "when that ended"),
        time("results_datetime", "OBR-22", "when results were reported"),
        text("diagnostic_section", "OBR-24", "CH, HM, RAD, … table 0074"),
        text("result_status", "OBR-25", "F final, P preliminary, … table 0123"),
        NOTES,
    ),
    opens=("ORC",),
    follows=("OBR", "RXO", "RXE", "RXD", "ODS"),
    joins=("TQ1", "SPM"),
)


def observations(of: str = "", about: str = "") -> Rows:
    """Observations; where they belong to elements of another list of the table, `of` is its name."""
    position = (Column(f"{of.removesuffix('s')}_number", (of,), about, "position"),) if of else ()
    return Rows(
        "observations",
        "observations and results",
        (
            text("set_id", "OBX-1", SET_ID),
            *position,
            *coded("", "OBX-3", "what was observed"),
            text("sub_id", "OBX-4", "tells parts of one observation apart"),
            text("value_type", "OBX-2", "data type of the value, table 0125"),
            Column("value", ("OBX-5",), "the value as text; of a coded value its words", "value"),
            Column("value_code", ("OBX-5",), "code of a coded value", "value_code"),
            Column("value_number", ("OBX-5",), "the value as a number (NM, or SN without a range)", "value_number"),
            often(text("units", "OBX-6", "units")),
            often(text("reference_range", "OBX-7", "reference range")),
            texts("abnormal_flags", "OBX-8", "H, L, HH, A, … table 0078"),
            text("result_status", "OBX-11", "F final, P preliminary, C corrected, … table 0085"),
            often(time("observation_datetime", "OBX-14", "when it was observed")),
            *person("observer", "OBX-16", "who observed"),
            *coded("method_", "OBX-17", "method"),
            often(time("analysis_datetime", "OBX-19", "when it was analysed")),
            often(text("performer", "OBX-23 OBX-15.2", "organization that did it")),
            NOTES,
        ),
        opens=("OBX",),
    )


VACCINATIONS = Rows(
    "vaccinations",
    "vaccinations, each an RXA with its ORC and RXR",
    (
        text("order_control", "ORC-1", "RE for what was given"),
        text("placer_order_number", "ORC-2", "id that the ordering system gave"),
        text("filler_order_number", "ORC-3", "id that the giving system gave"),
        text("administration_sub_id", "RXA-2", "number of the dose"),
        time("administered_datetime", "RXA-3", "given"),
        time("administered_end_datetime", "RXA-4", "giving ended"),
        *coded("", "RXA-5", "vaccine, CVX"),
        text("amount", "RXA-6", "amount; 999 where not known"),
        text("units", "RXA-7", "units of the amount"),
        text("source_code", "RXA-9", "00 given here, 01 historical"),
        *person("administering_provider", "RXA-10", "who gave it"),
        text("administered_facility", "RXA-11.4.1 RXA-11.1 RXA-27.4.1", "where it was given"),
        text("lot_number", "RXA-15", "lot"),
        time("expiration_date", "RXA-16", "lot expires"),
        text("manufacturer_code", "RXA-17.1", "manufacturer, MVX"),
        text("manufacturer_text", "RXA-17.2", "manufacturer, in words"),
        text("refusal_reason", "RXA-18.2 RXA-18.1", "why it was refused"),
        text("completion_status", "RXA-20", "CP complete, RE refused, NA not given, PA partly, table 0322"),
        text("action_code", "RXA-21", "A add, U update, D delete, table 0206"),
        *coded("route_", "RXR-1", "route"),
        *coded("site_", "RXR-2", "body site"),
    ),
    opens=("ORC",),
    follows=("RXA",),
    joins=("RXR",),
    needs="RXA",
)
APPOINTMENT_RESOURCES = Rows(
    "appointment_resources",
    "what and who the appointment takes: services, rooms, people, equipment",
    (
        text("set_id", "AIS-1 AIG-1 AIL-1 AIP-1", SET_ID),
        Column("segment", ("AIS", "AIG", "AIL", "AIP"), "AIS service, AIG equipment, AIL place, AIP person", "name"),
        text("action_code", "AIS-2 AIG-2 AIL-2 AIP-2", "A add, U update, D delete, table 0206"),
        text("code", "AIS-3.1 AIG-3.1 AIL-3.1 AIP-3.1", "service, equipment, ward or person"),
        text("text", "AIS-3.2 AIG-3.2 AIL-4.2 AIP-4.2", "service, or kind of resource, in words"),
        *place("location", "AIL-3", "place"),
        text("person_family", "AIP-3.2.1", "person: family name"),
        text("person_given", "AIP-3.3", "person: given name"),
        time("start_datetime", "AIS-4 AIG-8 AIL-6 AIP-6", "from"),
        text("duration", "AIS-7 AIG-11 AIL-9 AIP-9", "how long"),
        text("duration_units", "AIS-8 AIG-12 AIL-10 AIP-10", "units of that"),
        text("status", "AIS-10 AIG-14 AIL-12 AIP-12", "Booked, Cancelled, … table 0278"),
        NOTES,
    ),
    opens=("AIS", "AIG", "AIL", "AIP"),
)

APPOINTMENT = Group(
    "appointment",
    "the appointment",
    (
        text("appointment_id", "SCH-2 SCH-1", "id that the scheduling system gave, or else the placer's"),
        text("appointment_placer_id", "SCH-1", "id that the placer gave"),
        text("appointment_filler_id", "SCH-2", "id that the scheduling system gave"),
        text("appointment_occurrence", "SCH-3", "number in a series"),
        *coded("appointment_event_reason_", "SCH-6", "why this message was sent"),
        *coded("appointment_reason_", "SCH-7", "why the patient comes"),
        *coded("appointment_type_", "SCH-8", "type"),
        text("appointment_duration", "SCH-9", "how long"),
        text("appointment_duration_units", "SCH-10", "units of that"),
        time("appointment_start_datetime", "SCH-11.4 TQ1-7 AIS-4", "starts"),
        time("appointment_end_datetime", "SCH-11.5 TQ1-8", "ends"),
        *person("appointment_contact", "SCH-16 SCH-12", "whom to ask about it"),
        text("appointment_status", "SCH-25", "Booked, Cancelled, Noshow, … table 0278"),
    ),
)
DOCUMENT = Group(
    "document",
    "the document",
    (
        text("document_id", "TXA-12", "id of the document"),
        text("document_type", "TXA-2", "DS discharge summary, HP history, … table 0270"),
        text("document_presentation", "TXA-3", "kind of content, table 0191"),
        time("document_activity_datetime", "TXA-4", "when what it describes was done"),
        *person("document_author", "TXA-9 TXA-5", "who wrote it"),
        time("document_origination_datetime", "TXA-6", "written"),
        time("document_transcription_datetime", "TXA-7", "transcribed"),
        *person("document_authenticator", "TXA-10", "who signs it"),
        text("document_parent_id", "TXA-13", "document that this one replaces or adds to"),
        text("document_completion_status", "TXA-17", "AU authenticated, DI dictated, … table 0271"),
        text("document_availability_status", "TXA-19", "AV available, OB obsolete, … table 0273"),
    ),
)
