"""The API of a whole hub over real sockets: reads, orders, what is refused, and what an answer carries."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from yarl import URL

from tests.hub.web.whole import Whole, whole


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Whole]:
    async with whole(tmp_path) as made:
        yield made


async def test_the_parts_of_the_picture_are_those_of_the_status(hub: Whole) -> None:
    _, status = await hub.get("status")
    for part in ("chargers", "circuits", "meters"):
        assert set((await hub.get(part))[1][part]) == set(status[part])
    code, bay = await hub.get("chargers/bay-1")
    assert (code, bay["station"], bay["circuit"]) == (200, "CP1", "garage")
    assert (await hub.get("circuits/garage"))[1]["limit_a"] == {"l1": 20.0, "l2": 20.0, "l3": 20.0}
    assert (await hub.get("discovery"))[1] == {"candidates": []}
    assert (await hub.get("config"))[1] == status["config"]


async def test_what_has_no_name_is_not_found_and_the_answer_says_what_there_is(hub: Whole) -> None:
    code, said = await hub.get("chargers/bay-9")
    assert (code, said["error"]["code"], said["error"]["next"]) == (404, "not_found", "there are: bay-1, bay-2")
    assert (await hub.get("nothing"))[1]["error"]["next"] == "see /api/v1/openapi.json"
    code, said = await hub.get("history/bay-9")
    assert (code, said["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("chargers?page=2", "/api/v1/chargers takes none"),
        ("status?full=1", "/api/v1/status takes none"),
        ("sessions?chargr=bay-1", "charger"),
        ("history/totals?by=day&wat=1", "by"),
        ("audit?limit=1&limit=2", "give each parameter once"),
        ("history/bay-1?of=bay-2", "give each parameter once"),
        ("live?form=document", "changes"),
        ("claim?code=1", "/api/v1/claim takes none"),
    ],
)
async def test_a_parameter_that_nobody_knows_is_refused(hub: Whole, path: str, names: str) -> None:
    code, said = await hub.get(path)
    assert (code, said["error"]["code"]) == (400, "invalid")
    assert names in said["error"]["next"]


@pytest.mark.parametrize(
    "path",
    ["sessions?limit=0", "sessions?since=soon", "audit?limit=many", "sessions?after=none", "history/grid?format=xml"],
)
async def test_a_value_that_cannot_be_meant_is_refused(hub: Whole, path: str) -> None:
    code, said = await hub.get(path)
    assert (code, said["error"]["code"]) == (400, "invalid")


async def test_reads_of_rooms_answer_as_their_orders_do(hub: Whole) -> None:
    assert (await hub.get("sessions?limit=5&running=false"))[1] == await hub.order(
        "sessions.list", limit=5, running=False
    )
    assert [token["name"] for token in (await hub.get("tokens"))[1]["tokens"]] == list(hub.tokens)
    assert (await hub.get("users"))[1] == {"users": []}
    await hub.give("user.add", args={"name": "anne", "roles": ["viewer"]})
    lines = (await hub.get("audit?limit=1&order=user.add"))[1]["lines"]
    assert [(line["who"], line["via"], line["origin"]) for line in lines] == [("owner", "api", "127.0.0.1")]
    listed = (await hub.get("orders"))[1]["orders"]
    assert listed["charger.set_limit"]["may"] == ["installer", "operator", "owner"]
    assert listed["charger.set_limit"]["args"]["required"] == ["charger", "limit_a"]
    assert listed.keys() == hub.app.orders.catalogue.keys()


async def test_who_may_not_read_is_told_and_that_is_in_the_book(hub: Whole) -> None:
    code, said = await hub.get("audit", "viewer")
    assert (code, said["error"]["code"]) == (403, "not_allowed")
    lines = (await hub.get("audit?who=viewer"))[1]["lines"]
    assert [(line["order"], line["result"]) for line in lines] == [("audit.list", "not_allowed")]


async def test_without_a_login_there_is_nothing_but_the_door(hub: Whole) -> None:
    for route in hub.app.web.routes:
        if route.path.startswith("/api/v1") and route.may is not None:
            path = route.path.format(id="bay-1", name="charger.stop", of="bay-1", charger="bay-1")
            code, said, _ = await hub.ask(route.method, path, None)
            assert (code, said["error"]["code"]) == (401, "unauthorised"), path
    assert (await hub.ask("GET", "/metrics", None))[0] == 401
    assert (await hub.ask("GET", "/api/v1/openapi.json", None))[0] == 200


async def test_head_is_get_without_the_body(hub: Whole) -> None:
    for path in ("/api/v1/status", "/api/v1/chargers", "/healthz", "/metrics", "/api/v1/history/garage?format=csv"):
        code, said, headers = await hub.ask("HEAD", path)
        assert (code, said) == (200, {"text": ""}), path
        assert headers["X-Content-Type-Options"] == "nosniff"
    assert (await hub.ask("HEAD", "/api/v1/chargers/bay-9"))[0] == 404
    assert (await hub.ask("HEAD", "/api/v1/status", None))[0] == 401


async def test_nobody_keeps_an_answer(hub: Whole) -> None:
    for path in ("chargers", "sessions", "users", "nothing"):
        assert (await hub.ask("GET", f"/api/v1/{path}"))[2]["Cache-Control"] == "no-store"


async def test_a_method_that_an_address_does_not_take(hub: Whole) -> None:
    code, said, headers = await hub.ask("DELETE", "/api/v1/chargers/bay-1")
    assert (code, said["error"]["code"], headers["Allow"]) == (405, "invalid", "GET, HEAD")
    code, said, _ = await hub.ask("GET", "/api/v1/orders/charger.stop")
    assert (code, said["error"]["next"]) == (405, "use POST")


# orders


async def test_an_order_and_its_envelope(hub: Whole) -> None:
    code, said = await hub.give("user.add", id="a1", args={"name": "bert", "roles": ["viewer"]})
    assert (code, said["id"], said["ok"], said["result"]["name"]) == (200, "a1", True, "bert")
    assert await hub.give("user.add", id="a1", args={"name": "bert", "roles": ["viewer"]}) == (code, said)
    code, said = await hub.give("user.add", id="a2", args={"name": "bert", "roles": ["viewer"]})
    assert (code, said["error"]["code"]) == (409, "refused")


async def test_the_same_id_of_two_programs_is_two_orders(hub: Whole) -> None:
    first = await hub.give("device.rename", "owner", id="1", args={"device": "bay-1", "name": "North"})
    second = await hub.give("device.rename", "installer", id="1", args={"device": "bay-2", "name": "South"})
    assert (first[0], second[0]) == (200, 200)
    assert (await hub.get("chargers/bay-2"))[1]["name"] == "South"


async def test_the_same_id_of_another_order_is_another_order(hub: Whole) -> None:
    assert "users" in (await hub.give("user.list", id="1"))[1]["result"]
    assert "tokens" in (await hub.give("token.list", id="1"))[1]["result"]


async def test_the_same_id_at_once_is_done_once(hub: Whole) -> None:
    document = {"id": "once", "args": {"name": "both", "roles": ["viewer"]}}
    answers = await asyncio.gather(*(hub.give("token.create", **document) for _ in range(5)))
    assert [code for code, _ in answers] == [200] * 5
    assert len({said["result"]["token"] for _, said in answers}) == 1


@pytest.mark.parametrize(
    ("name", "document", "code", "word"),
    [
        ("charger.fly", {}, 404, "not_found"),
        ("charger.stop", {}, 400, "invalid"),
        ("charger.stop", {"args": {"charger": "bay-1", "wat": 1}}, 400, "invalid"),
        ("charger.stop", {"args": {"charger": "bay-1"}, "wat": 1}, 400, "invalid"),
        ("charger.stop", {"args": [], "id": "1"}, 400, "invalid"),
        ("charger.stop", {"args": {"charger": "bay-1"}}, 502, "unreachable"),
        ("charger.stop", {"args": {"charger": "bay-1"}, "expires_at": "2020-01-01T00:00:00Z"}, 410, "expired"),
        ("charger.set_limit", {"args": {"charger": "bay-1", "limit_a": 99}}, 400, "invalid"),
        ("token.revoke", {"args": {"name": "nobody"}}, 404, "not_found"),
    ],
)
async def test_what_is_wrong_has_a_code_a_sentence_and_a_next_step(
    hub: Whole, name: str, document: dict[str, object], code: int, word: str
) -> None:
    status, said = await hub.give(name, **document)
    assert (status, said["error"]["code"]) == (code, word)
    assert said["error"]["message"]


async def test_a_file_with_an_error_is_no_fault_of_the_hub(hub: Whole) -> None:
    hub.app.drawing.loaded.path.write_text("grid: {limit_a: many}\n")
    code, said = await hub.give("config.reload", "installer")
    assert (code, said["error"]["code"]) == (409, "bad_config")


@pytest.mark.parametrize(
    ("sent", "kind", "code"),
    [
        (b"x" * 70_000, "application/json", 413),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"args=1", "application/x-www-form-urlencoded", 400),
        (b"{}", "text/plain", 400),
    ],
)
async def test_a_body_that_is_no_order(hub: Whole, sent: bytes, kind: str, code: int) -> None:
    headers = {"Authorization": f"Bearer {hub.tokens['owner']}", "Content-Type": kind}
    url = f"{hub.app.web.address}/api/v1/orders/config.reload"
    async with hub.session.post(url, data=sent, headers=headers) as answer:
        assert answer.status == code
        assert (await answer.json())["error"]["code"] == "invalid"


async def test_a_hub_that_starts_says_so(tmp_path: Path) -> None:
    async with whole(tmp_path) as hub:
        del hub.app.orders._served["sessions.list"]
        code, said = await hub.get("sessions")
        assert (code, said["error"]["message"]) == (502, "the hub is starting")


async def test_names_with_slashes_and_odd_letters_are_names(hub: Whole) -> None:
    for odd in ("a%2Fb", "%00", "%ED%A0%80", "ü%20x", "%7Bid%7D", "..%2f..%2fetc"):
        async with hub.session.get(
            URL(f"{hub.app.web.address}/api/v1/chargers/{odd}", encoded=True),
            headers={"Authorization": f"Bearer {hub.tokens['owner']}"},
        ) as answer:
            assert answer.status in (400, 404), odd
