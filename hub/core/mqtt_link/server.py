"""Which broker to connect to, and how to prove who we are. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Server:
    """A broker to connect to. The password stays out of logs: it is not in the repr.

    With `tls` its certificate and its name are always checked, against `ca` or the public authorities. `certificate`
    and `key` are PEM files of our own (mutual TLS); they are read at every connect, so a renewed one needs no restart.
    """

    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def __str__(self) -> str:
        """The address for people."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"
