"""The orders of a whole hub, as its composition root puts them together."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from pathlib import Path

from hub.app import App
from hub.config.load import load
from hub.core.orders import Args, Served

QUIET = """
site: {name: Docs}
grid: {limit_a: 25}
web: {port: 0, bind: 127.0.0.1}
ocpp: {port: 0, bind: 127.0.0.1}
mqtt: {enabled: false}
discovery: {enabled: false}
"""


def every_order() -> Mapping[str, Served[Args]]:
    """Start a hub with nothing on the network, and read its catalogue."""

    async def read(data: Path) -> Mapping[str, Served[Args]]:
        (data / "config.yaml").write_text(QUIET)
        app = App(load(data / "config.yaml"), data)
        await app.start()
        try:
            return dict(app.orders.catalogue)
        finally:
            await app.stop()

    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(read(Path(folder)))
