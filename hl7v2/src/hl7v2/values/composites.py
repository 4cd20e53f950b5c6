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

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self, get_type_hints

from hl7v2.delimiters import STANDARD, Delimiters
from hl7v2.errors import WriteError
from hl7v2.escapes import escape, unescape
from hl7v2.paths import Place


class Composite:
    """A value of several components. False where all of them are empty."""

    __slots__ = ()

    @classmethod
    def read(cls, text: str, delimiters: Delimiters = STANDARD, encoding: str = "utf-8") -> Self:
        """The value that one repetition's text holds. Raises nothing: what is missing is empty."""
        return cls._read(text, delimiters.component, delimiters, encoding)

    def write(self, delimiters: Delimiters = STANDARD) -> str:
        """The text of one repetition, escaped, without separators at its end."""
        return self._write(delimiters.component, delimiters)

    @classmethod
    def read_component(cls, text: str, delimiters: Delimiters = STANDARD, encoding: str = "utf-8") -> Self:
        """The value that a component's text holds, in subcomponents."""
        return cls._read(text, delimiters.subcomponent, delimiters, encoding)

    def write_component(self, delimiters: Delimiters = STANDARD) -> str:
        """The text of a component, in subcomponents."""
        return self._write(delimiters.subcomponent, delimiters)

    @classmethod
    def _read(cls, text: str, separator: str, delimiters: Delimiters, encoding: str) -> Self:
        return cls(
            *(
                unescape(piece, delimiters, encoding)
                if nested is None
                else nested.read_component(piece, delimiters, encoding)
                for nested, piece in zip(_shape(cls).values(), text.split(separator), strict=False)
            )
        )

    def _write(self, separator: str, delimiters: Delimiters) -> str:
        pieces = (
            escape(value, delimiters) if isinstance(value, str) else value.write_component(delimiters)
            for value in self._components()
        )
        return separator.join(pieces).rstrip(separator)

    def _components(self) -> list[str | Composite]:
        return [getattr(self, name) for name in _shape(type(self))]

    def __bool__(self) -> bool:
        return any(self._components())

    def __repr__(self) -> str:
        filled = (f"{name}={getattr(self, name)!r}" for name in _shape(type(self)) if getattr(self, name))
        return f"{type(self).__name__}({', '.join(filled)})"


_SHAPES: Final[dict[type[Composite], Mapping[str, type[Composite] | None]]] = {}


def _shape(composite: type[Composite]) -> Mapping[str, type[Composite] | None]:
    """The data type of each component by its name, in order; None where it is plain text."""
    if composite not in _SHAPES:
        hints = get_type_hints(composite)
        names = composite.__match_args__  # type: ignore[attr-defined]  # dataclasses have it: their fields in order
        _SHAPES[composite] = {name: None if hints[name] is str else hints[name] for name in names}
    return _SHAPES[composite]


def encoded(value: str | Composite, place: Place, delimiters: Delimiters) -> str:
    """The text of `value` as it stands at `place`. Raises WriteError where it is too deep for its parts."""
    if isinstance(value, str):
        return escape(value, delimiters)
    if place.component is None:
        return value.write(delimiters)
    if place.subcomponent is None:
        return value.write_component(delimiters)
    raise WriteError(f"{type(value).__name__} has components, for which there is no room in a subcomponent")


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
class FN(Composite):
    """A family name and its parts."""

    surname: str = ""
    own_surname_prefix: str = ""
    own_surname: str = ""
    surname_prefix_from_partner: str = ""
    surname_from_partner: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class DR(Composite):
    """From one time to another."""

    start: str = ""
    end: str = ""


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
class DLN(Composite):
    """A driver's licence."""

    license_number: str = ""
    issuing_state_province_country: str = ""
    expiration_date: str = ""


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
