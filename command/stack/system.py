"""What the local stack needs of the system: Java 17, Maven and PostgreSQL; installed where we may."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from command.stack.trouble import Trouble

OLDEST_JAVA = 17
APT_PACKAGES = {"java": "openjdk-17-jdk-headless", "maven": "maven", "postgresql": "postgresql"}
WORDS = {"java": f"Java {OLDEST_JAVA} (a JDK)", "maven": "Maven", "postgresql": "PostgreSQL"}


def require(*needs: str, tell: Callable[[str], None] = lambda _: None) -> None:
    """Make sure that each of `needs` (java, maven, postgresql) is there; install what is not, where we may.

    Raises Trouble saying what to type where we may not, or where installing fails.
    """
    missing = [need for need in needs if _find(need) is None]
    if not missing:
        return
    packages = [_apt_package(need) for need in missing]
    words = ", ".join(WORDS[need] for need in missing)
    apt = _apt()
    if apt is None:
        raise Trouble(_how_to_install(missing))
    tell(f"installing {words}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        result = subprocess.run(
            [*apt, *arguments], capture_output=True, text=True, check=False, env=environment, stdin=subprocess.DEVNULL
        )
        if result.returncode and arguments[0] == "install":
            lines = (result.stdout + result.stderr).splitlines()[-6:]
            raise Trouble(f"{words} could not be installed by: {' '.join([*apt, *arguments])}", log=lines)
    still = [WORDS[need] for need in missing if _find(need) is None]
    if still:
        raise Trouble(f"{', '.join(still)} was installed, yet is not found: set JAVA_HOME, or PATH")


def java() -> Path:
    """The `java` of 17 or later: of JAVA_HOME, on PATH, or where Debian puts it. Raises Trouble where there is none."""
    return _needed("java")


def maven() -> Path:
    """The `mvn` on PATH. Raises Trouble where there is none."""
    return _needed("maven")


def postgresql() -> Path:
    """The folder of `initdb` and `postgres`. Raises Trouble where there is none."""
    return _needed("postgresql")


def _needed(need: str) -> Path:
    found = _find(need)
    if found is None:
        raise Trouble(_how_to_install([need]))
    return found


def _how_to_install(needs: Sequence[str]) -> str:
    words = ", ".join(WORDS[need] for need in needs)
    packages = " ".join(_apt_package(need) for need in needs)
    return f"{words} missing: install it, on Debian or Ubuntu by: sudo apt-get install {packages}"


def _find(need: str) -> Path | None:
    return {"java": _find_java, "maven": _find_maven, "postgresql": _find_postgresql}[need]()


def _find_java() -> Path | None:
    home = os.environ.get("JAVA_HOME")
    candidates = [Path(home) / "bin" / "java"] if home else []
    on_path = shutil.which("java")
    candidates += [Path(on_path)] if on_path else []
    candidates += sorted(Path("/usr/lib/jvm").glob("*/bin/java"), reverse=True)
    with_compiler = [found for found in candidates if found.with_name("javac").exists()]
    return next((found for found in with_compiler if _version(found) >= OLDEST_JAVA), None)


@cache
def _version(found: Path) -> int:
    result = subprocess.run([found, "-version"], capture_output=True, text=True, check=False)
    match = re.search(r'version "(?:1\.)?(\d+)', result.stderr)
    return int(match[1]) if match else 0


def _find_maven() -> Path | None:
    found = shutil.which("mvn")
    return Path(found) if found else None


def _find_postgresql() -> Path | None:
    # Debian keeps them off the PATH, a folder a version.
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name), reverse=True
    )
    on_path = shutil.which("initdb")
    folders += [Path(on_path).resolve().parent] if on_path else []
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


def _apt_package(need: str) -> str:
    if need == "java" and _apt() is not None and not _apt_knows(APT_PACKAGES["java"]):
        return "default-jdk-headless"  # newer releases have dropped 17 for its successor
    return APT_PACKAGES[need]


def _apt_knows(package: str) -> bool:
    result = subprocess.run(["apt-cache", "policy", package], capture_output=True, text=True, check=False)
    return "Candidate:" in result.stdout and "Candidate: (none)" not in result.stdout


def _apt() -> list[str] | None:
    """How to run apt-get where we may do so without asking anybody, else None."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return ["apt-get"]
    if shutil.which("sudo") is None:
        return None
    asked = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
    return None if asked.returncode else ["sudo", "-n", "apt-get"]
