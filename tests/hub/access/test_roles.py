"""Who may and who may not: a table of every order and every route of a whole hub, held against what it does.

A new order or route without its line here is a failure.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.core.orders import Caller, Envelope
from hub.model.person import Role
from tests.hub.web.whole import Whole, whole

# o owner, p operator, i installer, s support, v viewer
ORDERS = {
    "charger.set_limit": "opi",
    "charger.allow": "opi",
    "charger.start": "opis",
    "charger.stop": "opis",
    "charger.reset": "opis",
    "charger.unlock": "opis",
    "sessions.list": "opisv",
    "history.query": "opisv",
    "history.totals": "opisv",
    "history.why": "opisv",
    "device.list": "opisv",
    "device.adopt": "i",
    "device.rename": "oi",
    "device.replace": "i",
    "device.retire": "i",
    "config.reload": "i",
    "operator.status": "opi",
    "operator.preview": "o",
    "operator.replay": "o",
    "user.list": "o",
    "user.add": "o",
    "user.role": "o",
    "user.reset": "o",
    "user.remove": "o",
    "token.list": "o",
    "token.create": "o",
    "token.revoke": "o",
    "audit.list": "o",
}
ROUTES = {
    "GET /api/v1/status": "opisv",
    "GET /api/v1/live": "opisv",
    "GET /api/v1/chargers": "opisv",
    "GET /api/v1/chargers/{id}": "opisv",
    "GET /api/v1/circuits": "opisv",
    "GET /api/v1/circuits/{id}": "opisv",
    "GET /api/v1/meters": "opisv",
    "GET /api/v1/meters/{id}": "opisv",
    "GET /api/v1/sessions": "opisv",
    "GET /api/v1/history/totals": "opisv",
    "GET /api/v1/history/{of}": "opisv",
    "GET /api/v1/why/{charger}": "opisv",
    "GET /api/v1/discovery": "opisv",
    "GET /api/v1/config": "opisv",
    "GET /api/v1/orders": "opisv",
    "GET /api/v1/me": "opisv",
    "POST /api/v1/logout": "opisv",
    "GET /api/v1/users": "o",
    "GET /api/v1/tokens": "o",
    "GET /api/v1/audit": "o",
    "GET /metrics": "opisv",
}
ONLY_PEOPLE = {"POST /api/v1/password"}  # a token has no password
OPEN = {
    "GET /",
    "GET /app",
    "GET /healthz",
    "GET /api/v1/openapi.json",
    "GET /api/v1/claim",
    "POST /api/v1/claim",
    "POST /api/v1/login",
}
OPEN_BELOW = ("GET /app/", "GET /static/", "GET /login", "GET /claim")  # the shell of the pages, and its files
LETTERS = {Role.OWNER: "o", Role.OPERATOR: "p", Role.INSTALLER: "i", Role.SUPPORT: "s", Role.VIEWER: "v"}


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Whole]:
    async with whole(tmp_path) as made:
        yield made


async def test_the_table_has_every_order_and_every_route(hub: Whole) -> None:
    assert ORDERS.keys() == hub.app.orders.catalogue.keys()
    served = {f"{route.method} {route.path}": route.may for route in hub.app.web.routes}
    guarded = {route for route, may in served.items() if may is not None}
    assert guarded == {*ROUTES, *ONLY_PEOPLE, "POST /api/v1/orders/{name}"}
    assert {route for route in served.keys() - guarded if not route.startswith(OPEN_BELOW)} == OPEN


@pytest.mark.parametrize("role", Role)
async def test_what_each_role_may_order(hub: Whole, role: Role) -> None:
    """Without arguments: who may is told what is missing, or it is done; who may not is told that."""
    may = {name for name, letters in ORDERS.items() if LETTERS[role] in letters}
    by_api = {name for name in ORDERS if (await hub.give(name, role))[0] != 403}
    assert by_api == may
    refused = {
        name
        for name in ORDERS
        for reply in [await hub.app.orders.answer(Envelope(name, {}), Caller("x", "mqtt", frozenset({role})))]
        if reply.error is not None and reply.error.code == "not_allowed"
    }
    assert refused == ORDERS.keys() - may


@pytest.mark.parametrize("role", Role)
async def test_what_each_role_may_ask(hub: Whole, role: Role) -> None:
    for route, letters in ROUTES.items():
        method, path = route.split(" ")
        status, said, _ = await hub.ask(method, re.sub(r"{\w+}", "bay-1", path), role, {} if method == "POST" else None)
        assert (status != 403) == (LETTERS[role] in letters), f"{role}: {route} is {status} {said}"
        assert status != 401
    for route in ONLY_PEOPLE:
        method, path = route.split(" ")
        status, said, _ = await hub.ask(method, path, role, {"old": "x" * 12, "new": "correct horse battery"})
        assert (status, said["error"]["next"]) == (403, "log in as a person")


async def test_who_has_two_roles_may_what_either_may(hub: Whole) -> None:
    hub.tokens["both"] = (await hub.order("token.create", name="both", roles=["viewer", "support"]))["token"]
    for name, letters in ORDERS.items():
        status, _ = await hub.give(name, "both")
        assert (status != 403) == bool(set("sv") & set(letters)), name
