"""The ports of a stack, all on loopback, and who sits on one that we want."""

from __future__ import annotations

import errno
import socket
from collections.abc import Mapping
from dataclasses import dataclass, fields

import psutil

from command.stack.trouble import Trouble

HOST = "127.0.0.1"
WORKERS_OF_A_SERVICE = 10  # at most: each service has that many health ports in a row


@dataclass(frozen=True, slots=True)
class Ports:
    """Where each server listens. `health` is the first of the workers' health ports."""

    kafka: int = 9092
    kafka_controller: int = 9093
    registry: int = 8081
    postgres: int = 5433
    fhir: int = 8080
    mongodb: int = 27017
    connect: int = 8083
    sftp: int = 2222
    api: int = 3000
    health: int = 9101

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Ports:
        """KAFKA_PORT, REGISTRY_PORT … where set; FIRTH_PORT_OFFSET is added to all.

        Raises Trouble for what is not a port.
        """
        offset = _number(environment, "FIRTH_PORT_OFFSET", 0)
        usual = cls()
        ports = {port.name: _number(environment, setting(port.name), getattr(usual, port.name)) for port in fields(cls)}
        return cls(**ports).moved(offset)

    def moved(self, offset: int) -> Ports:
        """The same ports, each `offset` higher."""
        ports = {port.name: getattr(self, port.name) + offset for port in fields(self)}
        for name, port in ports.items():
            if not 0 < port < 1 << 16:
                raise Trouble(f"{setting(name)}: {port} is not a port (1 to 65535)")
        return Ports(**ports)


def setting(name: str) -> str:
    """The environment variable that sets the port `name`."""
    return f"{name.upper()}_PORT"


def check_free(port: int, setting_name: str) -> None:
    """Raise Trouble naming who listens on `port`, where somebody does."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            raise Trouble(f"port {port} is for root alone: set {setting_name} to one above 1023") from None
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise Trouble(f"port {port} is in use by {_listener(port)}: stop it, or set {setting_name}") from None


def _listener(port: int) -> str:
    try:
        for connection in psutil.net_connections("tcp"):
            here = connection.laddr and connection.laddr.port == port
            if here and connection.status == psutil.CONN_LISTEN and connection.pid:
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except psutil.Error:
        return "another program"  # not ours to see
    return "another program"


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    try:
        return int(text)
    except ValueError:
        raise Trouble(f'{name}: "{text}" is not a whole number') from None
