"""How the Java servers are run: one line of flags, small heaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import dedent

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


def log4j2(logger: str, *, context: str = "") -> str:
    """log4j2's settings: everyone's warnings, and what `logger` says of its work, on standard output.

    `context` stands before each message, as one of log4j2's own patterns.
    """
    return dedent(f"""\
        status=warn
        appender.out.type=Console
        appender.out.name=out
        appender.out.layout.type=PatternLayout
        appender.out.layout.pattern=%d{{ISO8601}} %p {context}%m (%c{{1}})%n
        rootLogger.level=warn
        rootLogger.appenderRef.out.ref=out
        logger.told.name={logger}
        logger.told.level=info
        """)
