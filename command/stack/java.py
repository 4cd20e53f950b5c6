"""How the Java servers are run: one line of flags, small heaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from command.stack.downloads import built
from command.stack.system import java


def command(
    module: str,
    main: str,
    *arguments: str,
    heap: str,
    flags: Sequence[str] = (),
    properties: Mapping[str, str] | None = None,
) -> list[str]:
    """The command line that runs class `main` with the jars that `module` was built to."""
    return [
        str(java()),
        f"-Xmx{heap}",
        "-XX:+ExitOnOutOfMemoryError",
        *(flags or ["-XX:+UseSerialGC"]),
        *(f"-D{name}={value}" for name, value in (properties or {}).items()),
        "-cp",
        f"{built(module)}/libs/*",
        main,
        *arguments,
    ]
