"""docs/reference/api.md has every route with its parameters, every figure and every error."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hub.web.routes import STATUS
from tests.docs.openapi import FILE
from tests.hub.web.whole import Whole, whole

PAGE = FILE.with_name("api.md").read_text()
ROWS = [row for row in PAGE.splitlines() if row.startswith("| `")]
BESIDE = {"live", "openapi.json"}  # have a part of their own


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Whole]:
    async with whole(tmp_path) as made:
        yield made


def reads() -> dict[str, dict[str, str | None]]:
    """Each GET below /api/v1, with its parameters and the other name of each."""
    found: dict[str, dict[str, str | None]] = {}
    paths: dict[str, dict[str, Any]] = json.loads(FILE.read_text())["paths"]
    for path, methods in paths.items():
        name = path.removeprefix("/api/v1/")
        if name != path and "get" in methods and name not in BESIDE:
            given = [one for one in methods["get"].get("parameters", []) if one["in"] == "query"]
            found[name] = {one["name"]: one.get("description") for one in given}
    return found


@pytest.mark.parametrize(("path", "parameters"), reads().items())
def test_a_read_and_its_parameters(path: str, parameters: dict[str, str | None]) -> None:
    row = next(row for row in ROWS if f"`{path}`" in row or f"`GET /api/v1/{path}`" in row)
    written = set(re.findall(r"`(\w+)`", row.rpartition("|")[0].rpartition("|")[2]))
    known = {name for name in parameters if name not in ("since", "until") or path == "audit"}
    assert (written & parameters.keys()) == known


def test_every_change() -> None:
    paths = json.loads(FILE.read_text())["paths"]
    changes = [path for path, methods in paths.items() if "post" in methods and "/orders/" not in path]
    assert [path for path in changes if f"| `POST {path}` |" not in PAGE] == []


def test_every_error() -> None:
    for code, status in STATUS.items():
        assert any(row.startswith(f"| {status} |") and f"`{code}`" in row for row in PAGE.splitlines()), code


async def test_every_figure(hub: Whole) -> None:
    written: set[str] = set()
    for row in ROWS:
        names = re.findall(r"`(evhub_\w+|_[a-z]\w+)`", row.split("|")[1])
        for name in names:
            written.add(name if name.startswith("evhub") else "_".join(names[0].split("_")[:2]) + name)
    figures = {f"{one.name}_total" if one.counts else one.name for one in await hub.app.figures()}
    assert written == figures
