"""Which message structure an event's messages have where MSH-9.3 does not say (HL7 table 0354).

Several events share a structure, and which ones changed from version to version: a version that has a
structure by the event's own name uses it, else the first one named here that it has.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Final

_SHARED: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "ADT": {
        "A04 A08 A13": ("A01",),
        "A05 A14 A28 A31": ("A05", "A01"),
        "A07": ("A06",),
        "A10 A11 A12 A15": ("A09",),
        "A21 A22 A23 A25 A26 A27 A29 A32 A33": ("A21", "A02"),
        "A34 A35 A36 A46 A47 A48 A49": ("A30",),
        "A37": ("A17",),
        "A40 A41 A42": ("A39",),
        "A44": ("A43",),
        "A51": ("A50",),
        "A53": ("A52",),
        "A55": ("A54", "A52"),
        "A62": ("A61",),
    },
    "CRM": {"C02 C03 C04 C05 C06 C07 C08": ("C01",)},
    "CSU": {"C10 C11 C12": ("C09",)},
    "LSU": {"U13": ("U12",)},
    "MDM": {"T03 T05 T07 T09 T11": ("T01",), "T04 T06 T08 T10": ("T02",)},
    "ORU": {"R31 R32": ("R30",)},
    "PEX": {"P08": ("P07",)},
    "PGL": {"PC7 PC8": ("PC6",)},
    "PMU": {"B02": ("B01",), "B05 B06": ("B04",)},
    "PPG": {"PCH PCJ": ("PCG",)},
    "PPP": {"PCC PCD": ("PCB",)},
    "PPR": {"PC2 PC3": ("PC1",)},
    "REF": {"I13 I14 I15": ("I12",)},
    "RPA": {"I09 I10 I11": ("I08",)},
    "RQA": {"I09 I10 I11": ("I08",)},
    "RQI": {"I02 I03": ("I01",)},
    "RPI": {"I04": ("I01",)},
    "RRI": {"I13 I14 I15": ("I12",)},
    "SIU": {"S13 S14 S15 S16 S17 S18 S19 S20 S21 S22 S23 S24 S26 S27": ("S12",)},
    "SRM": {"S02 S03 S04 S05 S06 S07 S08 S09 S10 S11": ("S01",)},
    "SRR": {"S02 S03 S04 S05 S06 S07 S08 S09 S10 S11": ("S01",)},
}
_CANDIDATES: Final[dict[tuple[str, str], list[str]]] = {
    (kind, event): [f"{kind}_{shared}" for shared in structures]
    for kind, groups in _SHARED.items()
    for events, structures in groups.items()
    for event in events.split()
}


def structure_of_event(message_type: str, event: str, known: Container[str]) -> str | None:
    """The structure, one of those `known` in a version, of messages such as ADT, A08; None where there is none.

    >>> structure_of_event("ADT", "A08", {"ADT_A01", "ADT_A02"})
    'ADT_A01'
    """
    for name in (f"{message_type}_{event}", *_CANDIDATES.get((message_type, event), []), message_type):
        if name in known:
            return name
    return None
