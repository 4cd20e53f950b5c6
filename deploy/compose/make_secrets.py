"""Makes the secrets of docker-compose.yml at the first start, each into the volume of the service that needs it.

What is there stays, so a secret of your own choice is kept. Files are for all to read within their volume:
the services run as different users, and each sees its own volume alone.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Final

VOLUMES: Final = Path("/secrets")


def main() -> None:
    """Make what is missing."""
    admin, firth, hapi = (secret("postgres", name) for name in ("admin-password", "firth-password", "hapi-password"))
    assert admin
    secret("api", "api-token")
    worker = secret("api", "worker-token")
    secret("api", "database-url", f"postgresql://firth:{firth}@postgres:5432/firth")
    secret("worker", "worker-token", worker)
    secret("hapi", "spring.datasource.password", hapi)
    mongodb = secret("mongodb", "root-password")
    for reader in ("loader-mongodb", "connect"):
        secret(reader, "mongodb-url", f"mongodb://firth:{mongodb}@mongodb:27017/?authSource=admin")
    secret("source", "admin-password")
    secret("connect", "source-password", secret("source", "mimic-password"))
    secret("connect", "capture-password", secret("source", "capture-password"))
    secret("connect", "sftp-password", secret("sftp", "sftp-password"))


def secret(volume: str, name: str, content: str | None = None) -> str:
    """The secret's content; made of `content`, or at random, where it is missing."""
    file = VOLUMES / volume / name
    if not file.exists():
        new = file.with_name(f".{name}.new")
        new.write_text(content or secrets.token_urlsafe(32))
        new.chmod(0o444)
        new.replace(file)
    return file.read_text()


if __name__ == "__main__":
    main()
