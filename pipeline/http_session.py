"""How Firth's processes speak HTTP to servers."""

from __future__ import annotations

import requests


def http_session(*, token: str | None = None, ca_location: str | None = None) -> requests.Session:
    """A session that shows `token` and trusts `ca_location` (else the usual authorities), and nothing else.

    A proxy or a .netrc of the machine must not come between, nor replace the token.
    """
    made = requests.Session()
    made.trust_env = False
    made.verify = ca_location or True
    if token:
        made.headers["Authorization"] = f"Bearer {token}"
    return made
