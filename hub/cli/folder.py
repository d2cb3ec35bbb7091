"""The data folder: there and writable before anything starts, or a sentence that says what to do."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from hub.model.errors import BadConfig

USUAL = Path("data")


def ready(data: Path) -> None:
    """Make the folder where it is missing. BadConfig when this user cannot write it."""
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as failed:
        raise _unusable(data, str(failed.strerror)) from failed
    if not os.access(data, os.W_OK | os.X_OK):
        raise _unusable(data, "this user may not write into it")


def option(data: Path) -> str:
    """` --data FOLDER` for a command that a person is told to type; nothing where it is the usual folder."""
    is_usual = data.absolute() == USUAL.absolute() and "EVHUB_DATA" not in os.environ
    return "" if is_usual else f" --data {shlex.quote(str(data))}"


def _unusable(data: Path, why: str) -> BadConfig:
    return BadConfig(
        f"the data folder {data} cannot be used: {why}", "give it to this user, or name another with --data"
    )
