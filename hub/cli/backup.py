"""`evhub backup` and `evhub restore`: a hub in one file, verified, and back again."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict
from pathlib import Path

import click

from hub import __version__
from hub.cli import folder, say
from hub.config.load import load
from hub.core.backup import Home, Progress, back_up, opened
from hub.core.backup import restore as put_back
from hub.core.clock import SystemClock
from hub.core.database import StoreConfig, url_of
from hub.model.errors import EvhubError, Refused, Unreachable
from hub.web.local import ask, socket_path


def backup(data: Path, config: Path | None, target: Path | None, *, as_json: bool) -> None:
    """Write the archive, read it back, and say what is in it. The hub may run meanwhile."""
    clock = SystemClock()
    file = target or Path(f"evhub-{clock.now():%Y%m%d-%H%M%S}.tar.gz")
    try:
        manifest = back_up(Home(url_of(_store(data, config), data), data), file, __version__, clock, _progress())
    except EvhubError as trouble:
        say.fail(trouble, in_json=as_json)
    if as_json:
        say.as_json({"ok": True, "file": str(file), **asdict(manifest)})
        return
    click.echo(f"{file}: {file.stat().st_size / 1e6:.1f} MB, {sum(manifest.rows.values())} rows, read back and sound")
    click.echo("It holds config.yaml, perhaps with passwords: keep it where only you can read it.")


def restore(data: Path, archive: Path, *, yes: bool, as_json: bool) -> None:
    """Put the archive in the place of what the hub has. The hub must not run."""
    try:
        with opened(archive) as found:
            manifest = found.manifest
        folder.ready(data)
        _stopped(data)
        if not (yes or as_json):
            click.confirm(f"Restore {archive} of {manifest.made_at} into {data}?", abort=True)
        home = Home(url_of(_store(data, None), data), data)
        aside = put_back(home, archive, SystemClock(), _progress())
    except EvhubError as trouble:
        say.fail(trouble, in_json=as_json)
    if as_json:
        say.as_json({"ok": True, "made_at": manifest.made_at, "set_aside": [str(path) for path in aside]})
        return
    click.echo(f"restored: the hub of {manifest.made_at}, {sum(manifest.rows.values())} rows")
    for path in aside:
        click.echo(f"  what was there is now {path}")


def _store(data: Path, config: Path | None) -> StoreConfig:
    """Where the configuration says that the database is; the file where there is no configuration (yet)."""
    file = config or data / "config.yaml"
    return load(file).config.store if file.exists() else StoreConfig()


def _stopped(data: Path) -> None:
    try:
        asyncio.run(ask(socket_path(data), "GET", "/status"))
    except Unreachable:
        return
    raise Refused(f"a hub runs on {data}", "stop it, restore, and start it again")


def _progress() -> Progress:
    """A line on a terminal that changes; nothing where nobody looks."""
    if not sys.stderr.isatty():
        return lambda what, share: None
    return lambda what, share: click.echo(f"\r{what:<30} {share:4.0%}", err=True, nl=share >= 1)
