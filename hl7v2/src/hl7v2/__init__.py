"""HL7 v2 messages: read fast and forgivingly, judged exactly, written back faithfully.

>>> import hl7v2
>>> message = hl7v2.parse(b"MSH|^~\\\\&|LAB|HOSPITAL|||20240229101500||ORU^R01|17|P|2.5.1\\rPID|1||4711^^^WARD^MR")
>>> message["PID-3.1"], message["MSH-9.2"], message["PID-5.1"]
('4711', 'R01', '')
"""

from hl7v2.batches import BatchReader, split
from hl7v2.delimiters import STANDARD, Delimiters
from hl7v2.errors import FramingError, HL7Error, ParseError, PathError, ValueFormatError, WriteError
from hl7v2.message import NULL, Message, new_message, parse
from hl7v2.oddities import Oddity
from hl7v2.records import parse_hl7v2_file, parse_hl7v2_message, split_hl7_batch
from hl7v2.segment import Segment
from hl7v2.selectors import reader, rows, selector

__all__ = [
    "NULL",
    "STANDARD",
    "BatchReader",
    "Delimiters",
    "FramingError",
    "HL7Error",
    "Message",
    "Oddity",
    "ParseError",
    "PathError",
    "Segment",
    "ValueFormatError",
    "WriteError",
    "new_message",
    "parse",
    "parse_hl7v2_file",
    "parse_hl7v2_message",
    "reader",
    "rows",
    "selector",
    "split",
    "split_hl7_batch",
]
