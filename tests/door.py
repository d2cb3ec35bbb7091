"""The hub's own door, asked from a test without an event loop: who may read the data folder needs no login."""

from __future__ import annotations

import http.client
import json
import socket
from pathlib import Path
from typing import Any

from hub.web.local import socket_path

Json = dict[str, Any]


class _Door(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("hub", timeout=5)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def status(data: Path) -> Json:
    """The whole site, as `/api/v1/status` says it. Raises OSError while nobody answers."""
    door = _Door(socket_path(data))
    try:
        door.request("GET", "/status")
        document: Json = json.load(door.getresponse())
        return document
    except http.client.HTTPException as cut:
        raise OSError("the hub went away") from cut
    finally:
        door.close()
