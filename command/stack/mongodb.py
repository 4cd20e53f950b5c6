"""A server that speaks MongoDB's protocol, its data in one file."""

from __future__ import annotations

import pymongo
from pymongo.errors import PyMongoError

from command.stack import java
from command.stack.places import Place
from command.stack.ports import HOST, Ports
from command.stack.processes import Server
from command.stack.ready import ASK_SECONDS, listens

LOGGING = {"org.slf4j.simpleLogger.defaultLogLevel": "warn", "org.slf4j.simpleLogger.showDateTime": "true"}


def server(place: Place, ports: Ports) -> Server:
    """The server, its file under `place`."""
    return Server(
        name="mongodb",
        command=java.command("mongo", "firth.mongo.MongoServer", heap="384m", properties=LOGGING),
        environment={
            "MONGODB_HOST": HOST,
            "MONGODB_PORT": str(ports.mongodb),
            "MONGODB_FILE": str(place.data("mongodb") / "data.mv"),
        },
        ports={"MONGODB_PORT": ports.mongodb},
        ready=lambda: _ready(ports),
        address=url(ports),
    )


def url(ports: Ports) -> str:
    """Where clients connect to."""
    return f"mongodb://{HOST}:{ports.mongodb}"


def _ready(ports: Ports) -> bool:
    if not listens(ports.mongodb):
        return False
    milliseconds = int(ASK_SECONDS * 1000)
    try:
        with pymongo.MongoClient[dict[str, object]](url(ports), serverSelectionTimeoutMS=milliseconds) as client:
            return bool(client.admin.command("ping")["ok"])
    except PyMongoError:
        return False
