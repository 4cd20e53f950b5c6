"""A part of the test stack by hand: `python -m command.stack.one start kafka hapi`, `... stop`.

Ports are those of the test stack, moved by FIRTH_PORT_OFFSET; the folder is `.firth/by-hand-<offset>`.
"""

from __future__ import annotations

import os
import sys

from command.stack.places import ROOT, Place
from command.stack.ports import Ports
from command.stack.stack import Stack, set_up


def main(arguments: list[str]) -> None:
    offset = os.environ.get("FIRTH_PORT_OFFSET", "0")
    stack = Stack(Place(ROOT / ".firth" / f"by-hand-{offset}"), Ports.from_environment(os.environ), {})
    if arguments[0] == "stop":
        stack.stop(watch=print)
    else:
        set_up(tell=print)
        stack.start(*arguments[1:], watch=print)
        for server, state in stack.states():
            print(f"{server.name:15} {state:14} {server.address}")


if __name__ == "__main__":
    main(sys.argv[1:])
