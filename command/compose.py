"""The services of docker-compose.yml, by Docker's own command."""

from __future__ import annotations

import shutil
import subprocess
from typing import Final

import orjson

from command.demo.site import LOG_LINES, Site, State, reader
from command.stack.places import ROOT
from command.stack.trouble import Trouble

COMPOSE: Final = ("docker", "compose", "--project-directory", str(ROOT), "--profile", "demo")
DROP: Final = 'cd /srv/sftp/drop/csv && cat > "$0.part" && mv "$0.part" "$0"'  # nobody sees half of it


def start() -> Site:
    """Build our image, start the services with the demo's source, and return when all are well. Raises Trouble."""
    if shutil.which("docker") is None:
        raise Trouble(
            "Docker is not there: install it with compose 2.24 or later, or run ./firth demo without --compose"
        )
    result = subprocess.run([*COMPOSE, "up", "--build", "--detach", "--wait"], check=False)
    if result.returncode:
        raise Trouble("docker compose: the services did not start; above is why, and docker compose logs says more")
    return Site(
        api_url=f"http://{_published('api', 3000)}",
        api_token=_secret("api", "api-token"),
        source_url=f"postgresql://postgres:{_secret('source', 'admin-password')}@{_published('source', 5432)}/mimic",
        credential=reader("source", 5432, password=_secret("source", "mimic-password")),
        fhir_url=f"http://{_published('hapi', 8080)}/fhir",
        mongodb_url=f"mongodb://firth:{_secret('mongodb', 'root-password')}@{_published('mongodb', 27017)}",
        connect_url=f"http://{_published('connect', 8083)}",
        drop=drop,
        states=states,
        log=log,
    )


def states() -> list[State]:
    """How each service is. One that ran to its end, as it should, is not among them. Raises Trouble."""
    lines = _output("ps", "--all", "--format", "json").splitlines()
    found = [orjson.loads(line) for line in lines]
    return [(each["Service"], _state(each)) for each in found if (each["State"], each["ExitCode"]) != ("exited", 0)]


def log(service: str) -> list[str]:
    """The last lines that a service wrote. Raises Trouble."""
    return _output("logs", "--no-log-prefix", "--tail", str(LOG_LINES), service).splitlines()


def drop(name: str, content: bytes) -> None:
    """Put a file where connectors look for CSV files, at once. Raises Trouble."""
    _output("exec", "--no-TTY", "sftp", "sh", "-c", DROP, name, given=content)


def _state(container: dict[str, str]) -> str:
    if container["State"] != "running":
        return "died" if container["State"] in ("exited", "dead") else container["State"]
    return {"unhealthy": "not answering", "starting": "starting"}.get(container["Health"], "ready")


def _published(service: str, port: int) -> str:
    """Where a port of a service is to be reached from here."""
    return _output("port", service, str(port)).strip()


def _secret(service: str, name: str) -> str:
    return _output("exec", "--no-TTY", service, "cat", f"/run/secrets/{name}")


def _output(*arguments: str, given: bytes = b"") -> str:
    """What `docker compose` prints, `given` this to read. Raises Trouble where it fails."""
    result = subprocess.run([*COMPOSE, *arguments], input=given, capture_output=True, check=False)
    if result.returncode:
        said = result.stderr.decode(errors="replace").splitlines()[-LOG_LINES:]
        raise Trouble(f"docker compose {arguments[0]} failed:", log=said)
    return result.stdout.decode()
