"""Where servers listen, as the environment says."""

from __future__ import annotations

import pytest

from command.stack.ports import Ports
from command.stack.trouble import Trouble


def test_a_port_is_taken_from_the_environment_and_all_are_moved_together() -> None:
    ports = Ports.from_environment({"KAFKA_PORT": "19092", "FIRTH_PORT_OFFSET": "100"})
    assert (ports.kafka, ports.fhir) == (19192, 8180)


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"KAFKA_PORT": "many"}, 'KAFKA_PORT: "many" is not a whole number'),
        ({"API_PORT": "70000"}, "API_PORT: 70000 is not a port"),
        ({"FIRTH_PORT_OFFSET": "60000"}, "is not a port"),
    ],
)
def test_what_is_no_port_is_told(environment: dict[str, str], sentence: str) -> None:
    with pytest.raises(Trouble, match=sentence):
        Ports.from_environment(environment)
