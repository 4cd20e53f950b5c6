"""PostgreSQL: one server for the api's state, for HAPI's resources and for the demo's source.

It refuses to run as root, so for root it runs as the unprivileged user that its package makes.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

import psycopg
from psycopg import sql

from command.stack.places import Place
from command.stack.ports import HOST, Ports
from command.stack.processes import Server
from command.stack.ready import ASK_SECONDS
from command.stack.system import postgresql
from command.stack.trouble import Trouble

ADMIN = "postgres"
OWNERS = ("firth", "hapi")  # each a role and the database that it owns
SOURCE = "mimic"  # the demo's source: a database of the admin's, and a role that may only read it
CAPTURE = "capture"  # a role that may read the source's changes as they are written (logical replication)

ROLES = (*OWNERS, SOURCE, CAPTURE)


def server(place: Place, ports: Ports) -> Server:
    """The server, its cluster under `place`."""
    return Server(
        name="postgres",
        command=_as_owner(place, [str(postgresql() / "postgres"), "-D", str(_cluster(place)), *_options(ports)]),
        ports={"POSTGRES_PORT": ports.postgres},
        prepare=lambda: _prepare(place),
        ready=lambda: _ready(place, ports),
        after=lambda: _make_databases(place, ports),
        address=f"{HOST}:{ports.postgres}",
        stop_signal=signal.SIGINT,  # ends sessions; SIGTERM would wait for their clients to leave
    )


def url(place: Place, ports: Ports, *, user: str = ADMIN, database: str = "postgres") -> str:
    """The address of `database` for `user`, the password in it."""
    return f"postgresql://{user}:{place.secret(f'postgres-{user}')}@{HOST}:{ports.postgres}/{database}"


def _cluster(place: Place) -> Path:
    return place.data("postgres") / "cluster"


def _options(ports: Ports) -> list[str]:
    settings = {
        "listen_addresses": HOST,
        "port": ports.postgres,
        "unix_socket_directories": "",
        "shared_buffers": "256MB",
        "max_wal_size": "2GB",
        "checkpoint_timeout": "15min",
        "jit": "off",
        "wal_level": "logical",  # for Debezium
        "max_slot_wal_keep_size": "1GB",  # a connector that is gone must not fill the disk
        # Neither rows nor statements belong into a log.
        "log_error_verbosity": "terse",
        "log_min_error_statement": "panic",
    }
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


def _prepare(place: Place) -> None:
    place.secret_file(f"postgres-{ADMIN}")
    for role in ROLES:
        place.secret_file(f"postgres-{role}")
    cluster = _cluster(place)
    if cluster.exists():
        return
    making = cluster.with_name("making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    password = making.with_name("password")
    password.write_text(place.secret(f"postgres-{ADMIN}"))
    password.chmod(0o600)
    _give_to_owner(making, password)
    arguments = [
        "-D",
        str(making),
        "-U",
        ADMIN,
        "-A",
        "scram-sha-256",
        f"--pwfile={password}",
        "-E",
        "UTF8",
        "--locale=C",
    ]
    result = subprocess.run(
        _as_owner(place, [str(postgresql() / "initdb"), *arguments]),
        cwd=making,
        capture_output=True,
        text=True,
        check=False,
    )
    password.unlink()
    if result.returncode:
        raise Trouble(f"postgres: its folder {cluster} could not be made:", log=result.stderr.splitlines()[-6:])
    making.replace(cluster)


def _ready(place: Place, ports: Ports) -> bool:
    try:
        with psycopg.connect(url(place, ports), connect_timeout=int(ASK_SECONDS)):
            return True
    except psycopg.OperationalError:
        return False


def _make_databases(place: Place, ports: Ports) -> None:
    with psycopg.connect(url(place, ports), autocommit=True) as admin:
        for role in ROLES:
            _make_role(admin, role, place.secret(f"postgres-{role}"))
        for database in OWNERS:
            _make_database(admin, database, owner=database)
        _make_database(admin, SOURCE, owner=ADMIN)
        _run(admin, "alter role {} set default_transaction_read_only = on", SOURCE)
        _run(admin, "alter role {} replication", CAPTURE)
        _run(admin, "grant connect on database {} to {}, {}", SOURCE, SOURCE, CAPTURE)
    with psycopg.connect(url(place, ports, database=SOURCE), autocommit=True) as source:
        _run(source, "alter default privileges grant select on tables to {}, {}", SOURCE, CAPTURE)
        _run(source, "alter default privileges grant usage on schemas to {}, {}", SOURCE, CAPTURE)
        if not source.execute("select 1 from pg_publication where pubname = %s", [CAPTURE]).fetchone():
            _run(source, "create publication {} for all tables", CAPTURE)


def _make_role(admin: psycopg.Connection, role: str, password: str) -> None:
    if not admin.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone():
        _run(admin, "create role {} login", role)
    admin.execute(sql.SQL("alter role {} password {}").format(sql.Identifier(role), sql.Literal(password)))


def _make_database(admin: psycopg.Connection, database: str, *, owner: str) -> None:
    if not admin.execute("select 1 from pg_database where datname = %s", [database]).fetchone():
        _run(admin, "create database {} owner {}", database, owner)
    _run(admin, "revoke connect, temporary on database {} from public", database)


def _run(connection: psycopg.Connection, statement: str, *names: str) -> None:
    connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _owner() -> pwd.struct_passwd | None:
    """The user that the server must run as, where that is not ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Trouble("postgres: does not run as root, and there is no user postgres to run as: useradd -r postgres")


def _give_to_owner(*paths: Path) -> None:
    owner = _owner()
    if owner is not None:
        for path in paths:
            os.chown(path, owner.pw_uid, owner.pw_gid)


def _as_owner(place: Place, command: Sequence[str]) -> list[str]:
    owner = _owner()
    if owner is None:
        return list(command)
    become = ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]
    data = place.data("postgres")
    if any(not parent.stat().st_mode & 0o001 for parent in (data, *data.parents)):
        # A clone under /root, say, where nobody else may enter: the right to pass through, and nothing more.
        become += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    return [*become, "--", *command]
