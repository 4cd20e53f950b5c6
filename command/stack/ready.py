"""Whether a server answers, asked in the way that its clients will."""

from __future__ import annotations

import socket

import requests

from command.stack.ports import HOST

ASK_SECONDS = 5.0


def listens(port: int) -> bool:
    """Whether somebody accepts connections on `port`."""
    with socket.socket() as probe:
        probe.settimeout(ASK_SECONDS)
        return probe.connect_ex((HOST, port)) == 0


def answers(url: str) -> bool:
    """Whether a GET of `url` is answered with 200."""
    try:
        with requests.get(url, timeout=ASK_SECONDS) as response:
            return response.ok
    except requests.RequestException:
        return False
