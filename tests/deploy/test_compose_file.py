"""docker-compose.yml says what it promises: pinned, limited, healthy, closed, and as the local stack is set up."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from api.app import VERSION
from command.connectors import configurations
from command.settings_list import SERVICES, example
from command.stack import connect, kafka
from command.stack.places import ROOT
from command.stack.ports import Ports
from deploy.compose import make_secrets
from pipeline.settings import describe
from tests.deploy import docker

FILE: Final[dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
ALL: Final[dict[str, dict[str, Any]]] = FILE["services"]
ENDS: Final = {"secrets"}  # does its work and is over
ASKED_BY: Final = {"hapi": "hapi-ready"}  # its image has nothing to ask with
STAGES: Final = {
    name: each["command"][-1] for name, each in ALL.items() if each.get("command", [""])[:2] == ["python", "-m"]
}
# Where the broker's files and listeners are, and what keeps it small.
LOCAL_ONLY: Final = re.compile(
    r"process\.roles|node\.id|controller\..*|.*listener.*|log\.dirs|log\.segment\.bytes|log\.index\..*|log\.cleaner\..*"
)
CONNECT_LOCAL_ONLY: Final = {"bootstrap.servers", "listeners", "plugin.path"}
services = pytest.mark.parametrize("name", ALL)


@services
def test_every_image_is_of_one_version(name: str) -> None:
    image, _, tag = ALL[name]["image"].partition(":")
    assert re.search(r"\d+\.\d+", tag), f"{image}: {tag or 'latest'}"
    if image.startswith("firth"):
        assert tag == VERSION
    else:
        assert "build" not in ALL[name]


@pytest.mark.parametrize("file", ["Dockerfile", "deploy/connect/Dockerfile", "deploy/sftp/Dockerfile"])
def test_every_base_image_is_of_one_version(file: str) -> None:
    bases = re.findall(r"^FROM (\S+)", (ROOT / file).read_text(), re.M)
    assert bases
    assert all(re.search(r":\d+\.\d+", base) for base in bases), bases


@services
def test_every_service_has_limits_and_a_bounded_log(name: str) -> None:
    limits = ALL[name]["deploy"]["resources"]["limits"]
    assert {"cpus", "memory"} <= limits.keys()
    assert ALL[name]["logging"]["options"]["max-size"]


@services
def test_every_service_says_how_it_is_and_waits_for_what_it_needs(name: str) -> None:
    assert ("healthcheck" in ALL[name]) is (name not in ENDS | ASKED_BY.keys())
    for need, how in ALL[name].get("depends_on", {}).items():
        asks = ASKED_BY.get(need) == name
        wanted = "service_started" if asks else "service_healthy"
        assert how["condition"] == ("service_completed_successfully" if need in ENDS else wanted)


def test_the_loader_waits_until_hapi_answers() -> None:
    assert ALL["loader-fhir"]["depends_on"]["hapi-ready"]["condition"] == "service_healthy"
    assert (
        f"{ALL['loader-fhir']['environment']['FHIR_API_URL']}/metadata" in ALL["hapi-ready"]["healthcheck"]["test"][3]
    )


@services
def test_what_is_published_is_for_this_machine_alone(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in ALL[name].get("ports", []))


@services
def test_what_is_ours_may_do_nothing_but_its_work(name: str) -> None:
    if ALL[name]["image"].startswith(("firth:", "firth-connect:")):
        assert ALL[name]["read_only"]
        assert ALL[name]["cap_drop"] == ["ALL"]


def test_there_is_a_service_for_every_stage_and_no_setting_that_none_has() -> None:
    assert set(STAGES.values()) == set(SERVICES)
    for name, module in STAGES.items():
        known = {each.name for each in describe(SERVICES[module])}
        given = {setting.removesuffix("_FILE") for setting in ALL[name]["environment"]}
        assert given <= known, name


def test_no_service_of_ours_looks_for_another_in_its_own_container() -> None:
    for name, module in STAGES.items():
        given = {setting.removesuffix("_FILE") for setting in ALL[name]["environment"]}
        local = {each.name for each in describe(SERVICES[module]) if "127.0.0.1" in (each.default or "")}
        unused = {"FHIR_API_URL"} if ALL[name]["environment"].get("SINK") == "mongodb" else set()
        assert local - unused <= given, name


def test_the_broker_is_set_up_as_that_of_the_local_stack() -> None:
    local = _properties(kafka._properties(Path("/topics"), Ports()))
    wanted = {name: value for name, value in local.items() if not LOCAL_ONLY.fullmatch(name)}
    given = ALL["kafka"]["environment"]
    assert {name: str(given.get(f"KAFKA_{name.upper().replace('.', '_')}")) for name in wanted} == wanted


def test_connect_is_set_up_as_that_of_the_local_stack() -> None:
    local = _properties(connect._properties(Ports()))
    given = _properties((ROOT / "deploy/compose/connect.properties").read_text())
    assert {**given, **{name: local[name] for name in CONNECT_LOCAL_ONLY}} == {
        **local,
        "rest.advertised.host.name": "connect",
    }
    assert (ROOT / "deploy/connect/log4j2.properties").read_text() == connect.log4j2()


def test_connect_has_what_the_configurations_of_connectors_ask_it_for() -> None:
    given = {setting.removesuffix("_FILE") for setting in ALL["connect"]["environment"]}
    for each in configurations():
        asked = set(re.findall(r"\$\{env:(\w+)\}", " ".join(each.settings.values())))
        assert asked <= given, each.name


@pytest.mark.parametrize("pom", ["command/stack/java/kafka/pom.xml", "kafka_connect_connectors/plugins/pom.xml"])
def test_kafka_is_of_the_same_version_wherever_it_is_named(pom: str) -> None:
    versions = re.findall(r"<kafka\.version>(.+)</kafka\.version>", (ROOT / pom).read_text())
    assert versions == [ALL["kafka"]["image"].partition(":")[2]]


def test_hapi_is_set_up_as_that_of_the_local_stack() -> None:
    java = (ROOT / "command/stack/java/hapi/src/main/java/firth/fhir/Store.java").read_text()
    rules = dict(re.findall(r"rules\.set(\w+)\((?:\w+\.)*(\w+)\)", java))
    image = yaml.safe_load((ROOT / "deploy/compose/hapi.yaml").read_text())["hapi"]["fhir"]
    assert {
        "AutoCreatePlaceholderReferenceTargets": str(image["auto_create_placeholder_reference_targets"]).lower(),
        "EnforceReferentialIntegrityOnWrite": str(image["enforce_referential_integrity_on_write"]).lower(),
        "EnforceReferentialIntegrityOnDelete": str(image["enforce_referential_integrity_on_delete"]).lower(),
        "ResourceClientIdStrategy": image["client_id_strategy"],
        "ResourceServerIdStrategy": image["server_id_strategy"],
        "StoreMetaSourceInformation": image["store_meta_source_information"],
        "HibernateSearchIndexFullText": "false",
        "HibernateSearchIndexSearchParams": "false",
    } == rules


def test_a_file_of_ones_own_settings_reaches_every_stage_and_need_not_be_there() -> None:
    for name in STAGES:
        assert ALL[name]["env_file"] == [{"path": ".env", "required": False}]


@pytest.mark.parametrize(("name", "module"), STAGES.items())
def test_the_list_of_all_settings_does_no_harm_as_that_file(name: str, module: str, secrets: Path) -> None:
    listed = dict(line.split("=", 1) for line in example().splitlines() if line and not line.startswith("#"))
    assert listed  # what must be set is there, and empty: `environment` gives it
    given = {
        setting: str(_secret_of(name, value, secrets) if setting.endswith("_FILE") else value)
        for setting, value in ALL[name]["environment"].items()
    }
    assert SERVICES[module].from_environment(listed | given)


def _properties(text: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in text.splitlines() if not line.startswith("#"))
    return {name: value for name, _, value in pairs}


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The volumes of the secrets, made."""
    monkeypatch.setattr(make_secrets, "VOLUMES", tmp_path)
    for volume in ALL["secrets"]["volumes"][1:]:
        (tmp_path / Path(volume.partition(":")[2]).name).mkdir()
    make_secrets.main()
    return tmp_path


@services
def test_every_secret_that_a_service_reads_is_made_for_it(name: str, secrets: Path) -> None:
    read = [value for value in ALL[name].get("environment", {}).values() if str(value).startswith("/run/")]
    assert all(_secret_of(name, file, secrets).read_text() for file in read)


def _secret_of(name: str, file: str, secrets: Path) -> Path:
    """Where a secret that a service reads lies in the volumes."""
    volumes: list[list[str]] = [each.split(":") for each in ALL[name]["volumes"]]
    (own,) = (volume.removeprefix("secrets-") for volume, place, *_ in volumes if place == "/run/secrets")
    return secrets / own / Path(file).name


def test_secrets_that_are_there_stay(secrets: Path) -> None:
    before = {file: file.read_text() for file in secrets.rglob("*") if file.is_file()}
    make_secrets.main()
    assert {file: file.read_text() for file in secrets.rglob("*") if file.is_file()} == before


def test_docker_takes_the_file_with_every_profile() -> None:
    if not docker.has_compose():
        pytest.skip("docker compose is not there")
    assert docker.compose("--profile", "*", "config", "--quiet") == ""
