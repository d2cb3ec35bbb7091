"""A temporary package of integrations, and files to load, so that these tests depend on no real device family."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import integrations

ANNOUNCED = """
name: demobox
title: A box for tests
kind: charger
transport: HTTP
default_port: 8000
zeroconf:
  - {type: _demobox._tcp.local., serial_txt: id}
docs: It announces itself.
"""
DIALS_IN = """
name: demodial
title: A charger that dials in
kind: charger
transport: WebSocket
serves: true
server_config: Server
can: [limit, lease]
docs: Point it at the hub.
"""
METER = """
name: demometer
title: A meter for tests
kind: meter
transport: HTTP
docs: It announces itself.
"""
SETTINGS = """
from pydantic import Field
from hub.sdk import IntegrationConfig

class Config(IntegrationConfig):
    interval_s: float = Field(default=2.0, gt=0)
    password: str | None = None

class Server(IntegrationConfig):
    port: int = Field(default=8887, ge=0, le=65535)
    adopt: str = "ask"
"""
ENTRY = """
async def start(host, config):
    return (host, config)
"""


@contextmanager
def a_package(folder: Path) -> Iterator[None]:
    """Three more integrations: demobox and demometer announce themselves, demodial dials in."""
    for manifest in (ANNOUNCED, DIALS_IN, METER):
        name = manifest.split()[1]
        (folder / name).mkdir()
        (folder / name / "manifest.yaml").write_text(manifest)
        (folder / name / "config.py").write_text(SETTINGS)
        (folder / name / "__init__.py").write_text(ENTRY)
    before = list(integrations.__path__)
    integrations.__path__.append(str(folder))
    try:
        yield
    finally:
        integrations.__path__[:] = before
        for name in [name for name in sys.modules if name.startswith("integrations.demo")]:
            del sys.modules[name]
