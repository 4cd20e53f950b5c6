"""An SFTP server that files are dropped on, for one user, who sees one folder."""

from __future__ import annotations

from pathlib import Path

from command.stack import java
from command.stack.places import Place
from command.stack.ports import HOST, Ports
from command.stack.processes import Server
from command.stack.ready import listens

USER = "firth"
FOLDERS = ("drop/csv", "drop/hl7")  # that the configurations of kafka_connect_connectors/ read
LOGGING = {"org.slf4j.simpleLogger.defaultLogLevel": "warn", "org.slf4j.simpleLogger.showDateTime": "true"}


def server(place: Place, ports: Ports) -> Server:
    """The server. Its files, and the key that clients know it by, stay in its folder."""
    folder = place.data("sftp")
    return Server(
        name="sftp",
        command=java.command("sftp", "firth.sftp.SftpServer", heap="96m", properties=LOGGING),
        environment={
            "SFTP_HOST": HOST,
            "SFTP_PORT": str(ports.sftp),
            "SFTP_USER": USER,
            "SFTP_PASSWORD": place.secret("sftp-password"),
            "SFTP_FOLDER": str(files(place)),
            "SFTP_HOST_KEY": str(folder / "host_key"),
            "SFTP_AUTHORIZED_KEYS": str(folder / "authorized_keys"),
            "SFTP_KNOWN_HOSTS": str(client_home(place) / ".ssh" / "known_hosts"),
        },
        ports={"SFTP_PORT": ports.sftp},
        prepare=lambda: _prepare(place),
        ready=lambda: listens(ports.sftp),
        address=f"sftp://{USER}@{HOST}:{ports.sftp}",
    )


def files(place: Place) -> Path:
    """The folder that the server shows as `/`."""
    return place.data("sftp") / "files"


def drop(folder: Path, name: str, content: bytes) -> Path:
    """Put a file into `folder` at once: under another name first, so that nobody sees half of it."""
    folder.mkdir(parents=True, exist_ok=True)
    half = folder / f"{name}.part"
    half.write_bytes(content)
    return half.rename(folder / name)


def client_home(place: Place) -> Path:
    """A home for clients, in whose `.ssh/known_hosts` the server stands."""
    return place.data("sftp") / "client"


def _prepare(place: Place) -> None:
    for folder in FOLDERS:
        (files(place) / folder).mkdir(parents=True, exist_ok=True)
    (client_home(place) / ".ssh").mkdir(mode=0o700, parents=True, exist_ok=True)
