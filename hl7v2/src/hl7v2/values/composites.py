"""Data types of several components as small values (HL7 v2 chapter 2A, in the order of 2.8; older ones are shorter).

Each is read from the text of one repetition and writes itself back:

>>> from hl7v2.values import CX
>>> identifier = CX.read("4711^^^WARD&1.2.3&ISO^MR")
>>> identifier.id_number, identifier.assigning_authority.universal_id, identifier.identifier_type_code
('4711', '1.2.3', 'MR')
>>> identifier.write()
'4711^^^WARD&1.2.3&ISO^MR'

Components are the sender's text, decoded: dates in them are read by `parse_time`. A component that is itself
composite is a value of that type. What a sender wrote beyond the known components is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

from hl7v2.values.composite import Composite


@dataclass(frozen=True, slots=True, repr=False)
class HD(Composite):
    """Hierarchic designator: a system or authority, by a local name, by a universal id, or both."""

    namespace_id: str = ""
    universal_id: str = ""
    universal_id_type: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class EI(Composite):
    """Entity identifier, such as an order's number."""

    entity_identifier: str = ""
    namespace_id: str = ""
    universal_id: str = ""
    universal_id_type: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class EIP(Composite):
    """A pair of entity identifiers, the placer's and the filler's."""

    placer_assigned_identifier: EI = EI()
    filler_assigned_identifier: EI = EI()


@dataclass(frozen=True, slots=True, repr=False)
class CWE(Composite):
    """A code with exceptions, its text, and the same in up to two other coding systems."""

    identifier: str = ""
    text: str = ""
    name_of_coding_system: str = ""
    alternate_identifier: str = ""
    alternate_text: str = ""
    name_of_alternate_coding_system: str = ""
    coding_system_version_id: str = ""
    alternate_coding_system_version_id: str = ""
    original_text: str = ""
    second_alternate_identifier: str = ""
    second_alternate_text: str = ""
    name_of_second_alternate_coding_system: str = ""
    second_alternate_coding_system_version_id: str = ""
    coding_system_oid: str = ""
    value_set_oid: str = ""
    value_set_version_id: str = ""
    alternate_coding_system_oid: str = ""
    alternate_value_set_oid: str = ""
    alternate_value_set_version_id: str = ""
    second_alternate_coding_system_oid: str = ""
    second_alternate_value_set_oid: str = ""
    second_alternate_value_set_version_id: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class CNE(CWE):
    """A code without exceptions; built as CWE."""


@dataclass(frozen=True, slots=True, repr=False)
class CE(Composite):
    """A coded element, before 2.6: a code, its text, and the same in another coding system."""

    identifier: str = ""
    text: str = ""
    name_of_coding_system: str = ""
    alternate_identifier: str = ""
    alternate_text: str = ""
    name_of_alternate_coding_system: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class CX(Composite):
    """An identifier with its check digit and who assigned it."""

    id_number: str = ""
    check_digit: str = ""
    check_digit_scheme: str = ""
    assigning_authority: HD = HD()
    identifier_type_code: str = ""
    assigning_facility: HD = HD()
    effective_date: str = ""
    expiration_date: str = ""
    assigning_jurisdiction: CWE = CWE()
    assigning_agency: CWE = CWE()
    security_check: str = ""
    security_check_scheme: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class CK(Composite):
    """An identifier with its check digit, before 2.5; of a patient in 2.2, with its type."""

    id_number: str = ""
    check_digit: str = ""
    check_digit_scheme: str = ""
    assigning_authority: HD = HD()


@dataclass(frozen=True, slots=True, repr=False)
class DR(Composite):
    """From one time to another."""

    start: str = ""
    end: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class CQ(Composite):
    """A quantity with its unit."""

    quantity: str = ""
    units: CWE = CWE()


@dataclass(frozen=True, slots=True, repr=False)
class SN(Composite):
    """A structured number: `>^100`, `^1^-^2`, `^1^:^128`."""

    comparator: str = ""
    first: str = ""
    separator: str = ""
    second: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class NR(Composite):
    """A range of numbers."""

    low: str = ""
    high: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class MO(Composite):
    """An amount of money."""

    quantity: str = ""
    denomination: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class CP(Composite):
    """A price and what it holds for."""

    price: MO = MO()
    price_type: str = ""
    from_value: str = ""
    to_value: str = ""
    range_units: CWE = CWE()
    range_type: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class FC(Composite):
    """A financial class, and since when."""

    financial_class_code: CWE = CWE()
    effective_date: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class DLD(Composite):
    """Where somebody was discharged to, and when."""

    discharge_to_location: CWE = CWE()
    effective_date: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class RI(Composite):
    """How often something is repeated: a pattern, or explicit times."""

    repeat_pattern: CWE = CWE()
    explicit_time_interval: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class OSD(Composite):
    """How an order stands to others."""

    sequence_results_flag: str = ""
    placer_order_number_entity_identifier: str = ""
    placer_order_number_namespace_id: str = ""
    filler_order_number_entity_identifier: str = ""
    filler_order_number_namespace_id: str = ""
    sequence_condition_value: str = ""
    maximum_number_of_repeats: str = ""
    placer_order_number_universal_id: str = ""
    placer_order_number_universal_id_type: str = ""
    filler_order_number_universal_id: str = ""
    filler_order_number_universal_id_type: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class TQ(Composite):
    """Timing and quantity of an order, before 2.7."""

    quantity: CQ = CQ()
    interval: RI = RI()
    duration: str = ""
    start_date_time: str = ""
    end_date_time: str = ""
    priority: str = ""
    condition: str = ""
    text: str = ""
    conjunction: str = ""
    order_sequencing: OSD = OSD()
    occurrence_duration: CWE = CWE()
    total_occurrences: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class ERL(Composite):
    """Where an error is, in numbers that count from 1."""

    segment_id: str = ""
    segment_sequence: str = ""
    field_position: str = ""
    field_repetition: str = ""
    component_number: str = ""
    sub_component_number: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class PRL(Composite):
    """The observation that an order goes back to."""

    parent_observation_identifier: CWE = CWE()
    parent_observation_sub_identifier: str = ""
    parent_observation_value_descriptor: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class SPS(Composite):
    """Where a specimen comes from, before 2.7."""

    specimen_source_name_or_code: CWE = CWE()
    additives: CWE = CWE()
    specimen_collection_method: str = ""
    body_site: CWE = CWE()
    site_modifier: CWE = CWE()
    collection_method_modifier_code: CWE = CWE()
    specimen_role: CWE = CWE()


@dataclass(frozen=True, slots=True, repr=False)
class ED(Composite):
    """Data that something else encoded, such as a document in Base64."""

    source_application: HD = HD()
    type_of_data: str = ""
    data_subtype: str = ""
    encoding: str = ""
    data: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class RP(Composite):
    """A pointer to data that lie elsewhere."""

    pointer: str = ""
    application_id: HD = HD()
    type_of_data: str = ""
    subtype: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class MSG(Composite):
    """The type of a message."""

    message_code: str = ""
    trigger_event: str = ""
    message_structure: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class PT(Composite):
    """What a message is processed for: production, debugging, training."""

    processing_id: str = ""
    processing_mode: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class VID(Composite):
    """A version of the standard."""

    version_id: str = ""
    internationalization_code: CWE = CWE()
    international_version_id: CWE = CWE()
