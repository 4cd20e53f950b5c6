"""Services of docker-compose.yml, asked by a `docker` that answers from a script."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from command import compose
from command.demo.site import reader
from command.stack.trouble import Trouble

Answer = Callable[[str], None]


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Answer:
    """Has `docker compose …` do what the branches of a shell's `case` say."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    def answer(cases: str) -> None:
        script = tmp_path / "docker"
        script.write_text(f'#!/bin/sh\ncase "$*" in\n{cases}\nesac\n')
        script.chmod(0o755)

    return answer


def container(service: str, state: str, *, health: str = "", code: int = 0) -> str:
    return json.dumps({"Service": service, "State": state, "Health": health, "ExitCode": code})


def test_states_are_in_the_words_of_the_local_stack(docker: Answer) -> None:
    lines = [
        container("secrets", "exited"),
        container("api", "running", health="healthy"),
        container("extractor", "running", health="starting"),
        container("loader-fhir", "running", health="unhealthy"),
        container("hapi", "running"),
        container("mongodb", "exited", code=137),
        container("kafka", "restarting"),
    ]
    docker("*ps*) cat <<'END'\n" + "\n".join(lines) + "\nEND\n;;")
    assert compose.states() == [
        ("api", "ready"),
        ("extractor", "starting"),
        ("loader-fhir", "not answering"),
        ("hapi", "ready"),
        ("mongodb", "died"),
        ("kafka", "restarting"),
    ]


def test_what_docker_complains_of_is_told(docker: Answer) -> None:
    docker("*logs*) echo 'no such service: nobody' >&2; exit 1;;")
    with pytest.raises(Trouble, match="docker compose logs failed") as found:
        compose.log("nobody")
    assert list(found.value.log) == ["no such service: nobody"]


def test_no_docker_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Trouble, match="Docker is not there"):
        compose.start()


def test_services_that_do_not_start_are_trouble(docker: Answer) -> None:
    docker("*up*) exit 1;;")
    with pytest.raises(Trouble, match="did not start"):
        compose.start()


def test_a_file_is_dropped_whole(docker: Answer, tmp_path: Path) -> None:
    docker(f"""*' exec '*)
        while [ "$1" != sh ]; do shift; done
        cd {tmp_path} && mkdir -p srv/sftp/drop/csv
        script=$(printf %s "$3" | sed "s|/srv|{tmp_path}/srv|") && shift 3
        exec sh -c "$script" "$@" ;;
    """)
    compose.drop("patients.csv", "row_id\n1\r\né".encode())
    assert {file.name: file.read_bytes() for file in (tmp_path / "srv/sftp/drop/csv").iterdir()} == {
        "patients.csv": "row_id\n1\r\né".encode()
    }


def test_the_demo_is_told_where_everything_is_published(docker: Answer) -> None:
    docker("""
        *' up '*) ;;
        *' port '*) shift 5; echo "127.0.0.1:1$3" ;;
        *' exec '*) for last; do :; done; printf %s "$(basename "$last")-of-$8" ;;
    """)
    site = compose.start()
    assert (site.api_url, site.api_token) == ("http://127.0.0.1:13000", "api-token-of-api")
    assert site.fhir_url == "http://127.0.0.1:18080/fhir"
    assert site.source_url == "postgresql://postgres:admin-password-of-source@127.0.0.1:15432/mimic"
    assert site.connect_url == "http://127.0.0.1:18083"
    assert site.mongodb_url == "mongodb://firth:root-password-of-mongodb@127.0.0.1:127017"
    assert site.credential == reader("source", 5432, password="mimic-password-of-source")
    assert "of-" not in repr(site)
