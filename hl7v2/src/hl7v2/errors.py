"""What can go wrong, as sentences that hold no value of a message.

    HL7Error
    ├── ParseError          nothing readable: empty, or no MSH, FHS or BHS segment in it
    ├── PathError           a path is not of the form PID-3(2).4.1
    ├── WriteError          a value cannot be put into this message, or not be written in its character set
    ├── FramingError        an MLLP frame is broken or too large
    ├── ValueFormatError    a value is not what its data type allows
    ├── UnknownVersion      there are no definitions of a version of the standard
    └── ProfileError        a profile says something that cannot be followed

What is merely odd about a message is an `hl7v2.Oddity` of it, never an error.
"""

from __future__ import annotations


class HL7Error(Exception):
    """The base of all errors of this library."""


class ParseError(HL7Error, ValueError):
    """The content holds no HL7 v2 message."""


class PathError(HL7Error, ValueError):
    """A path is not of the form PID-3(2).4.1."""


class WriteError(HL7Error, ValueError):
    """A value cannot be put into the message, or the message not be written in its character set."""


class FramingError(HL7Error, ValueError):
    """An MLLP frame is broken or too large."""


class ValueFormatError(HL7Error, ValueError):
    """A value is not what its data type allows."""


class UnknownVersion(HL7Error, ValueError):
    """There are no definitions of a version of the standard."""


class ProfileError(HL7Error, ValueError):
    """A profile says something that cannot be followed."""
