"""What Maven Central has for the local stack: fetched and built once, again only when what it is made from changes.

The modules of `java/` each become a folder of `.firth/cache`. A folder is made aside and then moved into
place, so that it is there as a whole or not at all; beside it stands the hash of what it was made from.
"""

from __future__ import annotations

import fcntl
import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from command.stack.places import CACHE, ROOT, shown
from command.stack.system import java, maven
from command.stack.trouble import GIB, Trouble, check_space

SOURCES = ROOT / "command" / "stack" / "java"
CONNECTORS = ROOT / "kafka_connect_connectors" / "plugins"  # ours: a project that also stands alone
MODULES = ("kafka", "registry", "mongo", "sftp", "fhir", "hapi", "connect", "avro", "firth-connectors")
PLUGINS = ("connect", "avro")  # of others, for Connect, a folder each in `plugins`
BUILD_NEEDS = 2 * GIB  # Maven's own cache, the jars beside it, and what is being made
DEFINITIONS = CACHE / "fhir" / "r4.json"
FETCHED = re.compile(r"Downloaded from \S+: \S+/(?P<file>[^/ ]+) ")


def built(module: str) -> Path:
    """The folder that `module` was, or will be, built to."""
    return CACHE / module


def build(modules: Sequence[str] = MODULES, *, tell: Callable[[str], None] = lambda _: None) -> None:
    """Fetch and build those of `modules` that are missing or out of date; `tell` hears what is going on.

    Raises Trouble where Maven fails (with its last words) or the disk has no room.
    """
    if not stale(modules):
        return
    with _alone():
        missing = stale(modules)  # another process may have built them meanwhile
        if missing:
            check_space(CACHE, needed=BUILD_NEEDS)
            _build(missing, tell)


def stale(modules: Sequence[str] = MODULES) -> list[str]:
    """Those of `modules` that are not built, or were built from something else."""
    return [module for module in modules if _built_from(module) != fingerprint(module)]


def fingerprint(module: str) -> str:
    """A hash of all that `module` is built from."""
    files = [SOURCES / "pom.xml", *_sources(module)]
    if module == "fhir":
        files += sorted((ROOT / "mapping").glob("r4*.py"))
    digest = hashlib.sha256()
    for file in files:
        digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _sources(module: str) -> list[Path]:
    ours = module == "firth-connectors"
    folder = CONNECTORS / "src" / "main" if ours else SOURCES / module
    return [*([CONNECTORS / "pom.xml"] if ours else []), *sorted(file for file in folder.rglob("*") if file.is_file())]


def _build(modules: Sequence[str], tell: Callable[[str], None]) -> None:
    out = CACHE / "new"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    _run_maven(modules, out, tell)
    if "fhir" in modules:
        tell("FHIR R4 element table")
        _make_definitions(out / "fhir")
    for module in (each for each in PLUGINS if each in modules):
        tell("manifests of the connectors")
        _write_manifests(out / module / "plugins", broker=(out if "kafka" in modules else CACHE) / "kafka")
    for module in modules:
        shutil.rmtree(built(module), ignore_errors=True)
        (out / module).replace(built(module))
        stamp = out / "stamp"
        stamp.write_text(fingerprint(module))
        stamp.replace(_stamp(module))
    shutil.rmtree(out)


def _run_maven(modules: Sequence[str], out: Path, tell: Callable[[str], None]) -> None:
    log = CACHE / "maven.log"
    # -C: a download whose checksum does not fit is an error, not a warning.
    command = [
        str(maven()),
        "-B",
        "-C",
        "-f",
        str(SOURCES / "pom.xml"),
        "-pl",
        ",".join(f":{module}" for module in modules),
        "package",
        "-DskipTests",
        f"-Dout={out}",
    ]
    fetched = 0
    with (
        log.open("w") as copy,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process,
    ):
        for line in process.stdout or ():
            copy.write(line)
            if match := FETCHED.match(line.removeprefix("[INFO] ")):
                fetched += 1
                tell(f"{fetched} files fetched, now {match['file']}")
    if process.returncode:
        errors = [line for line in log.read_text().splitlines() if line.startswith("[ERROR]")]
        raise Trouble(f"Maven could not fetch or build {', '.join(modules)}; its log is {shown(log)}", log=errors[:6])


def _make_definitions(folder: Path) -> None:
    command = [sys.executable, "-m", "mapping.r4_build", str(folder / "r4-definitions.jar"), str(folder / "r4.json")]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if result.returncode:
        raise Trouble("the element table of FHIR R4 could not be made:", log=result.stderr.splitlines()[-6:])


def _write_manifests(plugins: Path, *, broker: Path) -> None:
    """Have each plugin list its classes, so that Connect finds them by that instead of reading every jar."""
    main = ["org.apache.kafka.tools.ConnectPluginPath", "sync-manifests", "--plugin-path", str(plugins)]
    result = subprocess.run(
        [str(java()), "-cp", f"{broker}/libs/*", *main], capture_output=True, text=True, check=False
    )
    if result.returncode:
        lines = (result.stdout + result.stderr).splitlines()[-6:]
        raise Trouble("the manifests of Kafka Connect's plugins could not be written:", log=lines)


def _stamp(module: str) -> Path:
    return CACHE / f"{module}.built-from"


def _built_from(module: str) -> str | None:
    return _stamp(module).read_text() if _stamp(module).exists() and built(module).exists() else None


@contextmanager
def _alone() -> Iterator[None]:
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
