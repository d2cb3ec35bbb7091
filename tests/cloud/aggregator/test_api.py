"""The HTTP side: what hubs push where MQTT is blocked, and the fleet as the operator reads it."""

from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import psycopg
import pytest
from aiohttp.test_utils import TestClient, TestServer

from cloud.aggregator.api import Api
from cloud.aggregator.database import Database
from cloud.aggregator.fleet import Fleet
from cloud.aggregator.store import Store
from cloud.tokens import add, revoke
from hub.wire.operator.base import read
from hub.wire.operator.messages import Ack
from tests.cloud.wire import EPOCH, HUB, LATER_EPOCH, batch, parcel, refusals, seen, status

OPERATOR = {"Authorization": "Bearer the-operator"}
Client = TestClient[aiohttp.web.Request, aiohttp.web.Application]
Post = Callable[[str, bytes], Awaitable[aiohttp.ClientResponse]]


@pytest.fixture
async def client(database: Database) -> AsyncIterator[Client]:
    app = Api(Fleet(database), Store(database), "the-operator").application()
    async with TestClient(TestServer(app)) as client:
        yield client


@pytest.fixture
async def post(client: Client, dsn: str) -> Post:
    """Post as the hub."""
    token = await add(dsn, HUB)

    async def send(path: str, body: bytes) -> aiohttp.ClientResponse:
        return await client.post(path, data=body, headers={"Authorization": f"Bearer {token}"})

    return send


async def ack(response: aiohttp.ClientResponse) -> Ack:
    assert response.status == 200, await response.text()
    return read(Ack, await response.read())


async def error(response: aiohttp.ClientResponse) -> tuple[int, str]:
    body = await response.json()
    assert body["error"].keys() == {"code", "message", "next"}
    return response.status, body["error"]["code"]


async def test_a_batch_is_answered_with_how_far_it_is_kept(post: Post, dsn: str) -> None:
    assert await ack(await post("/v1/events", batch(1, 3).to_json())) == Ack(epoch=EPOCH, upto=3)
    assert await ack(await post("/v1/events", batch(6, 7).to_json())) == Ack(epoch=EPOCH, upto=3, resend=True)
    assert await ack(await post("/v1/events", batch(4, 7).to_json())) == Ack(epoch=EPOCH, upto=7)
    assert await ack(await post("/v1/events", batch(1, 1).to_json())) == Ack(epoch=EPOCH, upto=7)
    assert seen(dsn) == [1, 2, 3, 4, 5, 6, 7]


async def test_an_older_epoch_is_answered_too(post: Post) -> None:
    await post("/v1/events", batch(1, 3, epoch=EPOCH).to_json())
    await post("/v1/events", batch(1, 1, epoch=LATER_EPOCH).to_json())
    assert (await ack(await post("/v1/events", batch(4, 4, epoch=EPOCH).to_json()))).upto == 4


async def test_what_cannot_be_read_is_told_and_put_aside(post: Post, dsn: str) -> None:
    assert await error(await post("/v1/events", b"{}")) == (400, "invalid")
    assert await error(await post("/v1/events", batch(1, 1, hub="garage-2").to_json())) == (400, "invalid")
    assert await error(await post("/v1/status", batch(1, 1).to_json())) == (400, "invalid")
    assert len(refusals(dsn)) == 3


async def test_only_a_hub_with_a_token_may_push(client: Client, post: Post, dsn: str) -> None:
    assert await error(await client.post("/v1/events", data=b"{}")) == (401, "unauthorised")
    wrong = {"Authorization": "Bearer guessed"}
    assert await error(await client.post("/v1/events", data=b"{}", headers=wrong)) == (401, "unauthorised")
    assert await revoke(dsn, HUB) == 1
    assert await error(await post("/v1/events", batch(1, 1).to_json())) == (401, "unauthorised")
    assert refusals(dsn) == []


async def test_two_tokens_overlap(client: Client, dsn: str) -> None:
    for token in [await add(dsn, HUB), await add(dsn, HUB)]:
        body, headers = status(0, 1).to_json(), {"Authorization": f"Bearer {token}"}
        assert (await client.post("/v1/status", data=body, headers=headers)).status == 204
    with psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT count(DISTINCT digest) FROM hub_token").fetchone() == (2,)


async def test_the_fleet_shows_each_hub_with_its_last_status(client: Client, post: Post, store: Store) -> None:
    await post("/v1/events", batch(1, 3).to_json())
    assert (await post("/v1/status", status(9, 1).to_json())).status == 204
    await post("/v1/status", status(9, 2).to_json())
    fleet = await (await client.get("/v1/fleet", headers=OPERATOR)).json()
    assert fleet["schema"] == "evhub.fleet.v1"
    (hub,) = fleet["hubs"]
    assert {name: hub[name] for name in ("hub", "epoch", "upto", "head", "lag", "gap_since")} == {
        "hub": HUB,
        "epoch": EPOCH,
        "upto": 3,
        "head": 9,
        "lag": 6,
        "gap_since": None,
    }
    assert hub["status"]["site"]["name"] == "at 9.2"
    assert hub["heard_at"] >= hub["status_received_at"] > "2026"


async def test_a_hub_that_began_anew_is_shown_with_its_new_epoch(client: Client, post: Post) -> None:
    await post("/v1/events", batch(1, 30).to_json())
    await post("/v1/status", status(30, 1).to_json())
    await post("/v1/events", batch(1, 2, epoch=LATER_EPOCH).to_json())
    (hub,) = (await (await client.get("/v1/fleet", headers=OPERATOR)).json())["hubs"]
    assert (hub["epoch"], hub["upto"], hub["head"], hub["lag"]) == (LATER_EPOCH, 2, 2, 0)


async def test_pages_and_one_hub(client: Client, store: Store) -> None:
    await store.keep([parcel(batch(1, 1, hub=f"hub-{n}")) for n in range(5)])

    async def page(query: str) -> tuple[list[str], str | None]:
        body = await (await client.get(f"/v1/fleet?{query}", headers=OPERATOR)).json()
        return [hub["hub"] for hub in body["hubs"]], body["after"]

    assert await page("limit=3") == (["hub-0", "hub-1", "hub-2"], "hub-2")
    assert await page("limit=3&after=hub-2") == (["hub-3", "hub-4"], None)
    assert await page("hub=hub-3") == (["hub-3"], None)
    assert await page("hub=hub-9") == ([], None)
    assert await error(await client.get("/v1/fleet?limit=many", headers=OPERATOR)) == (400, "invalid")


async def test_an_unchanged_fleet_is_not_sent_again(client: Client, post: Post) -> None:
    await post("/v1/events", batch(1, 1).to_json())
    first = await client.get("/v1/fleet", headers=OPERATOR)
    known = {**OPERATOR, "If-None-Match": first.headers["ETag"]}
    assert (await client.get("/v1/fleet", headers=known)).status == 304
    await post("/v1/events", batch(2, 2).to_json())
    assert (await client.get("/v1/fleet", headers=known)).status == 200


async def test_only_the_operator_reads_the_fleet(client: Client, database: Database) -> None:
    assert await error(await client.get("/v1/fleet")) == (401, "unauthorised")
    headers = {"Authorization": "Bearer guessed"}
    assert await error(await client.get("/v1/fleet", headers=headers)) == (401, "unauthorised")
    closed = Api(Fleet(database), Store(database), None).application()
    async with TestClient(TestServer(closed)) as without_token:
        assert await error(await without_token.get("/v1/fleet", headers=OPERATOR)) == (401, "unauthorised")


async def test_every_error_has_one_shape(client: Client, dsn: str) -> None:
    assert await error(await client.get("/v1/nothing")) == (404, "not_found")
    assert await error(await client.get("/v1/events")) == (405, "method_not_allowed")
    assert (await client.get("/healthz")).status == 200


async def test_a_database_that_is_away_is_said(unused_tcp_port: int) -> None:
    away = Database(f"postgresql://postgres@127.0.0.1:{unused_tcp_port}/evhub")
    async with TestClient(TestServer(Api(Fleet(away), Store(away), "x").application())) as client:
        assert await error(await client.get("/healthz")) == (503, "unreachable")
