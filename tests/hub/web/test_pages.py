"""The shell and the built files over a real socket: each address of the pages, what may be kept, what is packed."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from hub.core.bus import Bus
from hub.core.clock import SystemClock
from hub.web import pages
from hub.web.config import WebConfig
from hub.web.service import HEADERS, Web


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    web = Web(WebConfig(port=0, bind="127.0.0.1"), Bus(), SystemClock(), dict)
    await web.start()
    yield web
    await web.stop()


@pytest.fixture
async def client(web: Web) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(web.address, auto_decompress=False) as client:
        yield client


@pytest.mark.parametrize("address", ["/app/", "/app/chargers/bay-1", "/app/nothing/at/all", "/login", "/claim"])
async def test_the_shell_is_at_every_address_of_the_pages_and_open(client: aiohttp.ClientSession, address: str) -> None:
    async with client.get(address, headers={"Accept-Encoding": "identity"}) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert answer.headers["Cache-Control"] == "no-cache"
        assert answer.headers["Content-Security-Policy"] == HEADERS["Content-Security-Policy"]
        assert "/static/app/assets/" in await answer.text()


async def test_all_that_the_shell_names_is_there_and_needs_no_exception_of_the_policy(
    client: aiohttp.ClientSession,
) -> None:
    async with client.get("/app/", headers={"Accept-Encoding": "identity"}) as answer:
        shell = await answer.text()
    assert not re.search(r"<style|\bstyle=|<script(?![^>]*\bsrc=)|\son\w+=|data:", shell)
    named = re.findall(r'(?:src|href)="([^"]+)"', shell)
    assert len(named) >= 5
    for address in named:
        async with client.get(address) as answer:
            assert answer.status == 200, address


async def test_what_is_named_by_its_content_is_kept_and_packed(client: aiohttp.ClientSession) -> None:
    script = next(name for name in built() if name.startswith("assets/index-") and name.endswith(".js"))
    async with client.get(f"/static/app/{script}", headers={"Accept-Encoding": "gzip"}) as packed:
        assert packed.headers["Content-Encoding"] == "gzip"
        assert "immutable" in packed.headers["Cache-Control"]
        size = len(await packed.read())
    async with client.get(f"/static/app/{script}", headers={"Accept-Encoding": "identity"}) as plain:
        assert "Content-Encoding" not in plain.headers
        assert len(await plain.read()) > 2 * size


async def test_the_service_worker_may_serve_the_pages_and_is_asked_for_anew(client: aiohttp.ClientSession) -> None:
    async with client.get("/static/app/sw.js") as answer:
        assert answer.headers["Service-Worker-Allowed"] == "/app/"
        assert answer.headers["Cache-Control"] == "no-cache"


async def test_the_pages_can_be_installed(client: aiohttp.ClientSession) -> None:
    async with client.get("/static/app/manifest.webmanifest") as answer:
        assert answer.headers["Content-Type"] == "application/manifest+json"
        manifest = await answer.json(content_type=None)
    assert manifest["start_url"] == "/app/"
    assert {"192x192", "512x512"} <= {icon["sizes"] for icon in manifest["icons"]}
    for icon in manifest["icons"]:
        async with client.get(f"/static/app/{icon['src']}") as answer:
            assert (answer.status, answer.content_type) == (200, icon["type"])


async def test_a_hub_without_pages_says_how_they_are_built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pages, "BUILT", tmp_path / "app")
    web = Web(WebConfig(port=0, bind="127.0.0.1"), Bus(), SystemClock(), dict)
    await web.start()
    try:
        async with aiohttp.ClientSession(web.address) as client, client.get("/app/") as answer:
            assert answer.status == 503
            assert "make frontend" in await answer.text()
    finally:
        await web.stop()


def built() -> set[str]:
    folder = Path(pages.__file__).parent / "static" / "app"
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
