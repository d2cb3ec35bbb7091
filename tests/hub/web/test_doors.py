"""The doors over real sockets: who is believed about the far end, TLS with one's own certificate, pages of others."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from hub.core.bus import Bus
from hub.core.clock import SystemClock
from hub.model.errors import BadConfig
from hub.model.person import EVERYBODY, Role
from hub.web.config import WebConfig
from hub.web.doors import COOKIE, CSRF, Doors, Guest, caller_of
from hub.web.routes import Route, json
from hub.web.service import Web

TLS = Path(__file__).parents[2] / "tls"
WORD = "the word against forgery"


class Keeper:
    """Knows one login and one token."""

    async def by_cookie(self, secret: str) -> Guest | None:
        return Guest("olga", frozenset({Role.OWNER}), WORD) if secret == "cake" else None

    async def by_token(self, secret: str, origin: str) -> Guest | None:
        return Guest("panel", frozenset({Role.VIEWER}), None) if secret == "sesame" else None


@asynccontextmanager
async def hub(config: WebConfig, public_url: str | None = None) -> AsyncIterator[Web]:
    """A listener whose one route says who came in, from where, and whether by TLS."""
    has_certificate = config.certificate is not None
    doors = Doors(Keeper(), lambda: public_url, config.proxies, has_certificate=has_certificate)
    bus = Bus()
    running = Web(config, bus, SystemClock(), dict, doors)

    async def who(request: web.Request) -> web.Response:
        caller = caller_of(request)
        return json({"via": caller.via, "origin": caller.origin, "secure": doors.is_secure(request)})

    running.add(Route("GET", "/api/v1/who", who, EVERYBODY), Route("POST", "/api/v1/who", who, EVERYBODY))
    await running.start()
    try:
        yield running
    finally:
        await running.stop()
        await bus.close()


def config(**more: object) -> WebConfig:
    return WebConfig.model_validate({"port": 0, "bind": "127.0.0.1", **more})


@pytest.mark.parametrize(
    ("trusted", "forwarded", "origin"),
    [
        ([], "1.2.3.4", "127.0.0.1"),  # anybody can write that
        (["192.168.1.0/24"], "1.2.3.4", "127.0.0.1"),
        (["127.0.0.1"], None, "127.0.0.1"),
        (["127.0.0.1"], "1.2.3.4", "1.2.3.4"),
        (["127.0.0.1"], "6.6.6.6, 1.2.3.4", "1.2.3.4"),  # what came before the proxy is hearsay
        (["127.0.0.1", "10.0.0.0/8"], "6.6.6.6, 1.2.3.4, 10.0.0.7", "1.2.3.4"),
        (["127.0.0.0/8"], "127.0.0.9, nonsense", "127.0.0.1"),  # who does not say is the proxy itself
        (["127.0.0.1"], "1.2.3.4:5678", "1.2.3.4"),
        (["127.0.0.1"], "[2001:DB8::1]:443", "2001:db8::1"),
        (["127.0.0.1"], " , ", "127.0.0.1"),
    ],
)
async def test_who_is_at_the_far_end(trusted: list[str], forwarded: str | None, origin: str) -> None:
    headers = {"Authorization": "Bearer sesame"} | ({} if forwarded is None else {"X-Forwarded-For": forwarded})
    async with (
        hub(config(trusted_proxies=trusted)) as running,
        aiohttp.ClientSession() as session,
        session.get(f"{running.address}/api/v1/who", headers=headers) as answer,
    ):
        assert (await answer.json())["origin"] == origin


@pytest.mark.parametrize(("trusted", "secure"), [([], False), (["127.0.0.1"], True)])
async def test_tls_before_a_proxy_counts_where_it_is_trusted(trusted: list[str], secure: bool) -> None:
    headers = {"Authorization": "Bearer sesame", "X-Forwarded-Proto": "https"}
    async with (
        hub(config(trusted_proxies=trusted)) as running,
        aiohttp.ClientSession() as session,
        session.get(f"{running.address}/api/v1/who", headers=headers) as answer,
    ):
        assert (await answer.json())["secure"] is secure


async def test_a_certificate_of_ones_own() -> None:
    trusting = ssl.create_default_context(cafile=TLS / "broker.pem")
    both = config(certificate=TLS / "broker.pem", private_key=TLS / "broker.key")
    async with hub(both) as running, aiohttp.ClientSession() as session:
        assert running.address.startswith("https://127.0.0.1:")
        headers = {"Authorization": "Bearer sesame"}
        async with session.get(f"{running.address}/api/v1/who", headers=headers, ssl=trusting) as answer:
            assert (await answer.json())["secure"] is True
        wss = f"{running.address}/api/v1/live"
        async with session.ws_connect(wss, headers=headers, ssl=trusting) as socket:
            assert await socket.receive_json() == {}
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await session.get(running.address)
        with pytest.raises(aiohttp.ClientError):
            await session.get(running.address.replace("https", "http"))


async def test_files_that_are_no_pair_are_a_sentence() -> None:
    with pytest.raises(BadConfig, match="cannot be used"):
        async with hub(config(certificate=TLS / "broker.pem", private_key=TLS / "hub.key")):
            pass


@pytest.mark.parametrize(
    ("public_url", "origin", "word", "status"),
    [
        (None, None, WORD, 200),  # a program with a cookie says no page
        (None, "http://{host}", WORD, 200),
        (None, "http://{host}", None, 403),
        (None, "http://{host}", "guessed", 403),
        (None, "http://{host}", "ünheard", 403),
        (None, "https://evil.example", WORD, 403),
        (None, "null", WORD, 403),
        ("https://charge.example", "https://charge.example", WORD, 200),
        ("https://charge.example", "https://charge.example.evil", WORD, 403),
    ],
)
async def test_what_changes_something_comes_from_our_own_page(
    public_url: str | None, origin: str | None, word: str | None, status: int
) -> None:
    async with hub(config(), public_url) as running, aiohttp.ClientSession(cookies={COOKIE: "cake"}) as session:
        host = running.address.removeprefix("http://")
        headers = {} if origin is None else {"Origin": origin.format(host=host)}
        headers |= {} if word is None else {CSRF: word}
        url = f"{running.address}/api/v1/who"
        async with session.post(url, headers=headers, cookies={COOKIE: "cake"}) as answer:
            assert answer.status == status
        async with session.get(url, headers={"Origin": "https://evil.example"}, cookies={COOKIE: "cake"}) as answer:
            assert answer.status == 200  # it reads nothing there: no header lets another site's page see it
            assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("said", ["Bearer", "Bearer ", "Bearer wrong", "Basic b2xnYTpwYXNz", "sesame"])
async def test_what_is_no_token(said: str) -> None:
    async with (
        hub(config()) as running,
        aiohttp.ClientSession() as session,
        session.get(f"{running.address}/api/v1/who", headers={"Authorization": said}) as answer,
    ):
        assert answer.status == 401
        assert (await answer.json())["error"]["code"] == "unauthorised"
