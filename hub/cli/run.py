"""`evhub run`: the hub, until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from pathlib import Path

import click

from hub.app import App
from hub.cli import folder, say
from hub.cli.loop import run_loop
from hub.config.load import Loaded, load
from hub.config.shipped import place_config
from hub.core.log import to_stderr
from hub.core.systemd import Systemd
from hub.core.watchdog import Watchdog
from hub.model.errors import EvhubError


def run(data: Path, config: Path | None, *, log_json: bool) -> None:
    """Run until SIGINT or SIGTERM; SIGHUP reads the file anew. Exit 1 with the next step when it cannot start."""
    to_stderr(as_json=log_json)
    try:
        folder.ready(data)
        loaded = load(place_config(data) if config is None else config)
        run_loop(until_signal(serve(loaded, data)))
    except EvhubError as trouble:
        say.fail(trouble)


async def serve(loaded: Loaded, data: Path) -> None:
    """Start the hub, say where it is, and stop it when this is cancelled."""
    app = App(loaded, data)
    systemd = Systemd(app.in_short)
    await app.start()
    try:
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, app.configuration.reload_soon)
        await systemd.ready()
        for line in app.welcome(folder.option(data)):
            click.echo(line)
        with Watchdog(lambda: app.pulse.beats):
            await asyncio.Event().wait()
    finally:
        await systemd.stopping()
        await app.stop()


async def until_signal(work: Coroutine[object, object, None]) -> None:
    """Do the work until it ends, or until SIGINT or SIGTERM cancels it.

    Only the first signal does: a second Ctrl-C would interrupt the cleaning-up, and leave a broker behind. After it
    the process has only its end before it, so Ctrl-C stays without effect.
    """
    task, loop = asyncio.ensure_future(work), asyncio.get_running_loop()
    told = asyncio.Event()

    def tell() -> None:
        if not told.is_set():
            told.set()
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, tell)
    try:
        await task
    except asyncio.CancelledError:
        if not told.is_set():
            raise
    finally:
        loop.remove_signal_handler(signal.SIGINT)  # else the loop's end would give it back to Python, which dies of it
        signal.signal(signal.SIGINT, signal.SIG_IGN)
