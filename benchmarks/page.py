"""What was measured, as rows, and their place on docs/reference/benchmarks.md: between two marks for each measurement.

Everything outside the marks is written by hand and stays as it is.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "benchmarks.md"
LIBRARIES = ("aiohttp", "msgspec", "numpy", "orjson", "paho-mqtt", "sqlalchemy")
HEAD = "| what | the peer | evhub | ratio | wanted |\n|---|---|---|---|---|"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure beside its peer's. `wanted` says what the project has set itself; empty where that is nothing."""

    what: str
    peer: str
    ours: str
    ratio: str
    wanted: str = ""

    def __str__(self) -> str:
        return f"| {self.what} | {self.peer} | {self.ours} | {self.ratio} | {self.wanted} |"


def machine() -> str:
    """Where the figures come from."""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    return f"{_cores()} × {_processor()}, {system}, {libraries}"


def _cores() -> int:
    return len(re.findall(r"^processor\s*:", _cpuinfo(), re.M)) or 1


def _processor() -> str:
    found = re.search(r"^model name\s*: (.+)$", _cpuinfo(), re.M)
    return found[1].strip() if found else platform.machine()


def _cpuinfo() -> str:
    file = Path("/proc/cpuinfo")
    return file.read_text() if file.exists() else ""


def table(rows: Iterable[Row]) -> str:
    """The rows as Markdown."""
    return "\n".join([HEAD, *map(str, rows)])


def written(page: str, name: str, rows: Iterable[Row], on: str) -> str:
    """The page with one measurement's part made anew. Raises ValueError where it has no place for it."""
    begin, end = f"<!-- measured: {name} -->", f"<!-- end: {name} -->"
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"{PAGE.name} has no place for {name}: add the lines {begin} and {end}")
    day = datetime.now(UTC).date().isoformat()
    return f"{before}{begin}\n{table(rows)}\n\n{day}, on {on}.\n{end}{after}"


def write(name: str, rows: Iterable[Row]) -> None:
    """Put the rows onto the page."""
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), name, rows, machine()), encoding="utf-8")
