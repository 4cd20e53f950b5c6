"""Our image as docker-compose.yml runs it, every stage in a container, against the real servers of the local stack.

The servers' own images are not part of it: they are what their projects publish. Skipped where there is no engine.
"""

from __future__ import annotations

import io
import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from rich.console import Console

from command import compose as demo_compose
from command.connect_client import ConnectCluster
from command.connectors import apply_all, configurations
from command.demo.bad_rows import BAD_ROWS
from command.demo.run import finish, run
from command.demo.site import Site
from command.stack import connect, hapi, kafka, mongodb, postgres, registry, services
from command.stack.places import ROOT
from command.stack.ports import HOST
from command.stack.stack import Stack
from command.topic_reading import committed
from tests.connect.driving import make_source_row, wait_for_source_row
from tests.deploy import docker
from tests.extending.installing import EXAMPLE
from tests.stack import RunningStack
from tests.survival.batches import wait_for

pytestmark = [pytest.mark.stack, pytest.mark.timeout(1800)]

PROJECT: Final = "firth-test"
BASES: Final = ("python:3.11.13-slim-bookworm", "debian:12.12-slim")
WORKERS: Final = ("extractor", "transformer", "loader-fhir", "loader-mongodb", "live")

Compose = Callable[..., str]


@pytest.fixture
def compose(servers: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Compose]:
    """`docker compose` on our file with all profiles, its services of ours on the local stack's servers instead of
    their own; `./firth demo --compose` finds them, too."""
    if not docker.has_compose() or not docker.has_engine():
        pytest.skip("no Docker engine answers, or it has no compose")
    missing = [base for base in BASES if not docker.has_image(base)]
    if missing:
        pytest.skip(f"{', '.join(missing)} cannot be had")
    # JSON is YAML, but for the tag that takes a value away.
    override = tmp_path / "override.yml"
    properties = tmp_path / "connect.properties"
    properties.write_text(_connect_properties(servers))
    moved = {"services": _moved(servers), "configs": {"connect": {"file": str(properties)}}}
    override.write_text(json.dumps(moved).replace('"reset"', "!reset null"))

    files = ("-f", str(ROOT / "docker-compose.yml"), "-f", str(override))
    project = ("--project-name", PROJECT, *files, "--profile", "*")
    monkeypatch.setattr(demo_compose, "COMPOSE", ("docker", "compose", "--project-directory", str(ROOT), *project))

    def command(*arguments: str) -> str:
        return docker.compose(*project, *arguments)

    yield command
    command("down", "--volumes", "--timeout", "20")


def _moved(servers: Stack) -> dict[str, Any]:
    """Our services, each with what makes it run on this machine's own network."""
    ports, place = servers.ports, servers.place
    brokers = {
        "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers(ports),
        "SCHEMA_REGISTRY_URL": registry.url(ports),
    }
    here = {"network_mode": "host", "ports": "reset", "depends_on": "reset"}
    api = {
        "API_HOST": HOST,
        "API_PORT": str(ports.api),
        "FHIR_API_URL": hapi.url(ports),
        "DATABASE_URL_FILE": "reset",
        "DATABASE_URL": postgres.url(place, ports, user="firth", database="firth"),
    }
    source = {
        "CONNECT_SOURCE_HOST": HOST,
        "CONNECT_SOURCE_PORT": str(ports.postgres),
        "CONNECT_SOURCE_PASSWORD_FILE": "reset",
        "CONNECT_SOURCE_PASSWORD": place.secret(f"postgres-{postgres.SOURCE}"),
        "CONNECT_CAPTURE_PASSWORD_FILE": "reset",
        "CONNECT_CAPTURE_PASSWORD": place.secret(f"postgres-{postgres.CAPTURE}"),
        "CONNECT_MONGODB_URL_FILE": "reset",
        "CONNECT_MONGODB_URL": mongodb.url(ports),
    }
    health = {"test": ["CMD", "curl", "-fsS", f"{connect.url(ports)}/health"]}
    asks = {"test": ["CMD", "python", "-c", f"import urllib.request as u; u.urlopen('{hapi.url(ports)}/metadata')"]}
    moved: dict[str, Any] = {
        "api": {**here, "environment": {**brokers, **api}},
        # The SFTP server's container is published to this machine: by its name there, Connect knows its key.
        "connect": {**here, "environment": source, "healthcheck": health, "extra_hosts": ["sftp:127.0.0.1"]},
        "hapi-ready": {**here, "healthcheck": asks},
    }
    for number, name in enumerate(WORKERS):
        own: dict[str, str] = {"HEALTH_HOST": HOST, "HEALTH_PORT": str(ports.health + number)}
        if name in ("extractor", "transformer", "live"):
            own["API_URL"] = services.api_url(ports)
        if name == "loader-fhir":
            own["FHIR_API_URL"] = hapi.url(ports)
        if name == "loader-mongodb":
            own |= {"MONGODB_URL_FILE": "reset", "MONGODB_URL": mongodb.url(ports)}
        moved[name] = {**here, "environment": {**brokers, **own}}
    return moved


def _connect_properties(servers: Stack) -> str:
    """Those of the file, with the addresses of this machine."""
    local = [f"bootstrap.servers={kafka.bootstrap_servers(servers.ports)}", f"listeners={connect.url(servers.ports)}"]
    return "\n".join([(ROOT / "deploy/compose/connect.properties").read_text(), *local])


def test_every_stage_runs_in_a_container_and_the_demo_comes_out_right(
    stack: RunningStack, servers: Stack, compose: Compose
) -> None:
    for name in (*WORKERS, "api", "connect"):
        stack.stop(name)
    compose("build", "secrets", "connect", "sftp")
    compose("run", "--rm", "secrets")
    up = ("up", "--detach", "--no-build", "--no-deps", "--wait", "--wait-timeout", "180")
    compose(*up, "hapi-ready", "api", "connect", "sftp", *WORKERS)
    token = compose("exec", "--no-TTY", "api", "cat", "/run/secrets/api-token")
    site = replace(
        Site.of(servers),
        api_token=token,
        states=demo_compose.states,
        log=demo_compose.log,
        drop=demo_compose.drop,
    )
    assert ("live", "ready") in site.states()
    checked = run(site, patients=25, console=Console(file=io.StringIO(), width=200))
    finish(checked)
    assert sum(sum(one.progress.failed.values()) for one in checked) == len(BAD_ROWS)
    assert sum(one.progress.loaded["fhir"] for one in checked) > 0
    compose("stop", "--timeout", "40")
    ended = [json.loads(line) for line in compose("ps", "--all", "--format", "json").splitlines()]
    codes = {each["Service"]: each["ExitCode"] for each in ended}
    assert {name: codes[name] for name in ("api", *WORKERS)} == dict.fromkeys(("api", *WORKERS), 0)


def test_connect_runs_in_a_container_and_brings_rows_and_files_as_the_folder_has_them(
    servers: Stack, compose: Compose
) -> None:
    servers.start("kafka", "postgres", "mongodb")
    RunningStack(servers).stop("connect")
    make_source_row(servers, "of_container")
    compose("build", "secrets", "connect", "sftp")
    compose("run", "--rm", "secrets")
    up = ("up", "--detach", "--no-build", "--no-deps", "--wait", "--wait-timeout", "120")
    compose(*up, "connect", "sftp")
    with closing(ConnectCluster(connect.url(servers.ports))) as cluster:
        apply_all(cluster, configurations(), Console(file=io.StringIO()))
        wait_for_source_row(servers, "of_container")
        demo_compose.drop("patients.csv", PATIENT)
        wait_for(lambda: list(committed(servers, "sftp-patients")) != [], "the file's row", 60)
        assert all(each.is_well for each in cluster.statuses())
        for each in configurations():
            cluster.delete(each.name)


def test_the_image_is_nobody_in_particular_and_says_what_it_wants(compose: Compose) -> None:
    compose("build", "secrets")
    who = compose("run", "--rm", "--no-deps", "--entrypoint", "id", "transformer", "-u")
    assert who.strip() == "10001"


def test_a_package_gets_into_the_image_as_the_page_shows(compose: Compose, tmp_path: Path) -> None:
    compose("build", "secrets")
    (dockerfile,) = re.findall(r"```dockerfile\n(.+?)```", (ROOT / "docs/extending.md").read_text(), re.S)
    site = shutil.copytree(EXAMPLE, tmp_path / "site")
    (site / "Dockerfile").write_text(dockerfile)
    docker.build(site, tag=f"{PROJECT}-with-package")
    assert docker.python(f"{PROJECT}-with-package", FINDS_IT) == "10001 3\n"


def test_the_sftp_server_takes_files_and_gives_no_shell(compose: Compose) -> None:
    compose("build", "secrets", "sftp")
    compose("run", "--rm", "secrets")
    compose("up", "--detach", "--no-build", "--no-deps", "--wait", "--wait-timeout", "60", "sftp")
    said = compose("exec", "--no-TTY", "sftp", "sh", "-c", SESSION)
    assert re.search(r"sftp> ls\ncsv +dropped\.csv +hl7", said)
    assert 'dest open "/beside.csv": Permission denied' in said
    assert "This service allows sftp connections only" in said
    known = compose("exec", "--no-TTY", "sftp", "cat", "/etc/firth/known/known_hosts")
    assert known.startswith("[sftp]:2222 ssh-ed25519 ")


def test_a_server_of_ones_own_is_made_known_and_given_its_password_as_the_page_says(compose: Compose) -> None:
    compose("build", "secrets", "sftp")
    compose("run", "--rm", "secrets")

    def write(volume: str, script: str) -> str:
        mount = ("--volume", f"{PROJECT}_{volume}:/s")
        return compose(
            "run", "--rm", "--no-TTY", "--no-deps", "--user", "0", *mount, "--entrypoint", "sh", "api", "-c", script
        )

    start = ("up", "--detach", "--no-build", "--no-deps", "--wait", "--wait-timeout", "60", "sftp")
    compose(*start)
    write("known-hosts", "echo 'files.example.org ssh-ed25519 AAAA' >> /s/known_hosts")
    compose("restart", "sftp")
    compose(*start)
    known = compose("exec", "--no-TTY", "sftp", "cat", "/etc/firth/known/known_hosts").splitlines()
    assert [line.split()[0] for line in known] == ["[sftp]:2222", "files.example.org"]
    said = write("secrets-connect", "printf mine > /s/.new && mv -f /s/.new /s/sftp-password && ls -l /s/sftp-password")
    assert said.startswith("-rw-r--r--")


FINDS_IT: Final = """
import os
from zoneinfo import ZoneInfo
from transformer.scripts import Scripts
print(os.getuid(), Scripts(ZoneInfo("UTC")).clean("ward_number")("ward-003"))
"""

PATIENT: Final = b"row_id,subject_id,gender,dob,dod,dod_hosp,dod_ssn,expire_flag\n1,10,F,1950-01-01,,,,0\n"

# By the client that came with the server: drop a file, try beside the folder, ask for a shell.
SESSION: Final = """
printf '#!/bin/sh\ncat /run/secrets/sftp-password\n' > /tmp/ask && chmod +x /tmp/ask && echo a,b > /tmp/dropped.csv
export SSH_ASKPASS=/tmp/ask SSH_ASKPASS_REQUIRE=force
options="-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
printf 'put /tmp/dropped.csv\nput /tmp/dropped.csv /beside.csv\nls\n' |
  sftp $options -P 2222 firth@127.0.0.1 2>&1
ssh $options -p 2222 firth@127.0.0.1 id 2>&1
true
"""
