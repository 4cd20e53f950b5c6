"""Persons, organizations and places: the data types of names, addresses and the like, built as `composites` are."""

# ruff: noqa: RUF009 -- what the defaults call makes frozen values

from __future__ import annotations

from dataclasses import dataclass

from hl7v2.values.composite import Composite
from hl7v2.values.composites import CWE, DR, EI, HD


@dataclass(frozen=True, slots=True, repr=False)
class FN(Composite):
    """A family name and its parts."""

    surname: str = ""
    own_surname_prefix: str = ""
    own_surname: str = ""
    surname_prefix_from_partner: str = ""
    surname_from_partner: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class XPN(Composite):
    """A person's name."""

    family_name: FN = FN()
    given_name: str = ""
    further_given_names: str = ""
    suffix: str = ""
    prefix: str = ""
    degree: str = ""
    name_type_code: str = ""
    name_representation_code: str = ""
    name_context: CWE = CWE()
    name_validity_range: DR = DR()
    name_assembly_order: str = ""
    effective_date: str = ""
    expiration_date: str = ""
    professional_suffix: str = ""
    called_by: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class PN(Composite):
    """A person's name, before 2.5."""

    family_name: FN = FN()
    given_name: str = ""
    further_given_names: str = ""
    suffix: str = ""
    prefix: str = ""
    degree: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class XCN(Composite):
    """A person by number and name, such as a physician."""

    id_number: str = ""
    family_name: FN = FN()
    given_name: str = ""
    further_given_names: str = ""
    suffix: str = ""
    prefix: str = ""
    degree: str = ""
    source_table: CWE = CWE()
    assigning_authority: HD = HD()
    name_type_code: str = ""
    check_digit: str = ""
    check_digit_scheme: str = ""
    identifier_type_code: str = ""
    assigning_facility: HD = HD()
    name_representation_code: str = ""
    name_context: CWE = CWE()
    name_validity_range: DR = DR()
    name_assembly_order: str = ""
    effective_date: str = ""
    expiration_date: str = ""
    professional_suffix: str = ""
    assigning_jurisdiction: CWE = CWE()
    assigning_agency: CWE = CWE()
    security_check: str = ""
    security_check_scheme: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class CN(Composite):
    """A person by number and name, before 2.5; in 2.1 the fifth component is the degree."""

    id_number: str = ""
    family_name: FN = FN()
    given_name: str = ""
    further_given_names: str = ""
    suffix: str = ""
    prefix: str = ""
    degree: str = ""
    source_table: str = ""
    assigning_authority: HD = HD()


@dataclass(frozen=True, slots=True, repr=False)
class CNN(Composite):
    """A person by number and name within a component, whose parts are not composite."""

    id_number: str = ""
    family_name: str = ""
    given_name: str = ""
    further_given_names: str = ""
    suffix: str = ""
    prefix: str = ""
    degree: str = ""
    source_table: str = ""
    assigning_authority_namespace_id: str = ""
    assigning_authority_universal_id: str = ""
    assigning_authority_universal_id_type: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class PPN(Composite):
    """A person by number and name, and when that person did what the field is about."""

    id_number: str = ""
    family_name: FN = FN()
    given_name: str = ""
    further_given_names: str = ""
    suffix: str = ""
    prefix: str = ""
    degree: str = ""
    source_table: CWE = CWE()
    assigning_authority: HD = HD()
    name_type_code: str = ""
    check_digit: str = ""
    check_digit_scheme: str = ""
    identifier_type_code: str = ""
    assigning_facility: HD = HD()
    date_time_action_performed: str = ""
    name_representation_code: str = ""
    name_context: CWE = CWE()
    name_validity_range: DR = DR()
    name_assembly_order: str = ""
    effective_date: str = ""
    expiration_date: str = ""
    professional_suffix: str = ""
    assigning_jurisdiction: CWE = CWE()
    assigning_agency: CWE = CWE()
    security_check: str = ""
    security_check_scheme: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class NDL(Composite):
    """A person, and when and where that person did something."""

    name: CNN = CNN()
    start_date_time: str = ""
    end_date_time: str = ""
    point_of_care: str = ""
    room: str = ""
    bed: str = ""
    facility: HD = HD()
    location_status: str = ""
    patient_location_type: str = ""
    building: str = ""
    floor: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class PLN(Composite):
    """A licence or other number of a practitioner."""

    id_number: str = ""
    type_of_id_number: CWE = CWE()
    state_other_qualifying_information: str = ""
    expiration_date: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class JCC(Composite):
    """A job: its code, its class and what it is."""

    job_code: CWE = CWE()
    job_class: CWE = CWE()
    job_description_text: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class DLN(Composite):
    """A driver's licence."""

    license_number: str = ""
    issuing_state_province_country: str = ""
    expiration_date: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class XON(Composite):
    """An organization by name and number."""

    organization_name: str = ""
    organization_name_type_code: str = ""
    id_number: str = ""
    check_digit: str = ""
    check_digit_scheme: str = ""
    assigning_authority: HD = HD()
    identifier_type_code: str = ""
    assigning_facility: HD = HD()
    name_representation_code: str = ""
    organization_identifier: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class SAD(Composite):
    """A street address and its parts."""

    street_or_mailing_address: str = ""
    street_name: str = ""
    dwelling_number: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class XAD(Composite):
    """An address."""

    street_address: SAD = SAD()
    other_designation: str = ""
    city: str = ""
    state_or_province: str = ""
    zip_or_postal_code: str = ""
    country: str = ""
    address_type: str = ""
    other_geographic_designation: str = ""
    county_code: CWE = CWE()
    census_tract: CWE = CWE()
    address_representation_code: str = ""
    address_validity_range: DR = DR()
    effective_date: str = ""
    expiration_date: str = ""
    expiration_reason: CWE = CWE()
    temporary_indicator: str = ""
    bad_address_indicator: str = ""
    address_usage: str = ""
    addressee: str = ""
    comment: str = ""
    preference_order: str = ""
    protection_code: CWE = CWE()
    address_identifier: EI = EI()


@dataclass(frozen=True, slots=True, repr=False)
class AD(Composite):
    """An address, before 2.7."""

    street_address: str = ""
    other_designation: str = ""
    city: str = ""
    state_or_province: str = ""
    zip_or_postal_code: str = ""
    country: str = ""
    address_type: str = ""
    other_geographic_designation: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class XTN(Composite):
    """A telephone number, mail address or the like."""

    telephone_number: str = ""
    use_code: str = ""
    equipment_type: str = ""
    communication_address: str = ""
    country_code: str = ""
    area_code: str = ""
    local_number: str = ""
    extension: str = ""
    any_text: str = ""
    extension_prefix: str = ""
    speed_dial_code: str = ""
    unformatted_telephone_number: str = ""
    effective_date: str = ""
    expiration_date: str = ""
    expiration_reason: CWE = CWE()
    protection_code: CWE = CWE()
    shared_identifier: EI = EI()
    preference_order: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class PL(Composite):
    """Where somebody is: from the point of care down to the bed."""

    point_of_care: str = ""
    room: str = ""
    bed: str = ""
    facility: HD = HD()
    location_status: str = ""
    person_location_type: str = ""
    building: str = ""
    floor: str = ""
    location_description: str = ""
    comprehensive_location_identifier: EI = EI()
    assigning_authority_for_location: HD = HD()
