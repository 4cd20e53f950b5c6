"""HL7 v2 messages: read fast and forgivingly, judged exactly, written back faithfully.

>>> import hl7v2
>>> message = hl7v2.parse(b"MSH|^~\\\\&|LAB|HOSPITAL|||20240229101500||ORU^R01|17|P|2.5.1\\rPID|1||4711^^^WARD^MR")
>>> message["PID-3.1"], message["MSH-9.2"], message["PID-5.1"]
('4711', 'R01', '')
"""

from hl7v2.acknowledgments import Level, Outcome, acknowledge
from hl7v2.batch_writing import write_batch
from hl7v2.batches import BatchReader, split
from hl7v2.delimiters import STANDARD, Delimiters
from hl7v2.differences import Difference, differences
from hl7v2.errors import (
    FramingError,
    HL7Error,
    ParseError,
    PathError,
    ProfileError,
    UnknownVersion,
    ValueFormatError,
    WriteError,
)
from hl7v2.findings import RULES, Finding, Rule, Severity, Verdict
from hl7v2.grouping import Group, groups
from hl7v2.message import NULL, Message, new_message, parse
from hl7v2.names import Element
from hl7v2.oddities import Oddity
from hl7v2.profiles import Profile, parse_profile, read_profile
from hl7v2.records import parse_hl7v2_file, parse_hl7v2_message, split_hl7_batch
from hl7v2.segment import Segment
from hl7v2.selectors import reader, rows, selector
from hl7v2.validation import Validator, validate

__all__ = [
    "NULL",
    "RULES",
    "STANDARD",
    "BatchReader",
    "Delimiters",
    "Difference",
    "Element",
    "Finding",
    "FramingError",
    "Group",
    "HL7Error",
    "Level",
    "Message",
    "Oddity",
    "Outcome",
    "ParseError",
    "PathError",
    "Profile",
    "ProfileError",
    "Rule",
    "Segment",
    "Severity",
    "UnknownVersion",
    "Validator",
    "ValueFormatError",
    "Verdict",
    "WriteError",
    "acknowledge",
    "differences",
    "groups",
    "new_message",
    "parse",
    "parse_hl7v2_file",
    "parse_hl7v2_message",
    "parse_profile",
    "read_profile",
    "reader",
    "rows",
    "selector",
    "split",
    "split_hl7_batch",
    "validate",
    "write_batch",
]
