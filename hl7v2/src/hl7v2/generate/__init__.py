"""Messages of a hospital that never was, for tests, demos and measurements. Needs faker: the extra `generate`.

>>> from itertools import islice
>>> from hl7v2.generate import messages, with_error_rate
>>> first = next(messages(seed=7, types=["ORU_R01"]))
>>> first == next(messages(seed=7, types=["ORU_R01"]))
True
>>> spoilt = list(with_error_rate(islice(messages(seed=7), 50), 0.05, seed=7))
>>> sum(len(one.faults) for one in spoilt) > 50
True
"""

from hl7v2.generate.faults import Fault, FaultKind, Faulty, with_error_rate
from hl7v2.generate.feed import MESSAGE_TYPES, START, messages

__all__ = ["MESSAGE_TYPES", "START", "Fault", "FaultKind", "Faulty", "messages", "with_error_rate"]
