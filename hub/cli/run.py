"""`evhub run`: the hub, until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import click

from hub.app import App
from hub.cli import say
from hub.cli.loop import run_loop
from hub.config.load import Loaded, load
from hub.config.shipped import place_config
from hub.core.log import to_stderr
from hub.model.errors import EvhubError


def run(data: Path, config: Path | None, *, log_json: bool) -> None:
    """Run until SIGINT or SIGTERM. Exit 1 with the next step when it cannot start."""
    to_stderr(as_json=log_json)
    data.mkdir(parents=True, exist_ok=True)
    try:
        loaded = load(place_config(data) if config is None else config)
        run_loop(serve(loaded, data))
    except EvhubError as trouble:
        say.fail(trouble)


async def serve(loaded: Loaded, data: Path) -> None:
    """Start the hub, say where it is, wait for a signal, stop it."""
    app = App(loaded, data)
    await app.start()
    try:
        for line in app.welcome():
            click.echo(line)
        await until_signal()
    finally:
        await app.stop()


async def until_signal() -> None:
    """Wait for SIGINT or SIGTERM."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    await told.wait()
