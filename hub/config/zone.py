"""The time zone of this machine, for a site that names none."""

from __future__ import annotations

import os
import zoneinfo
from pathlib import Path

LINK = Path("/etc/localtime")
FOLDER = "/zoneinfo/"


def system_zone() -> str:
    """The IANA name of the machine's zone, by TZ or by /etc/localtime; UTC where neither names one."""
    names = (os.environ.get("TZ", "").removeprefix(":"), _linked())
    return next((name for name in names if name and is_zone(name)), "UTC")


def is_zone(name: str) -> bool:
    """Whether this machine's zone database has it. UTC needs no database."""
    return name == "UTC" or name in zoneinfo.available_timezones()


def _linked() -> str:
    try:
        return str(LINK.resolve()).partition(FOLDER)[2]
    except OSError:
        return ""
