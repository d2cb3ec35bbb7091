"""Commands from above over a real broker: each at most once, for ever, with one reply; only what the owner allows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.core.shown import iso
from hub.operators.config import OperatorConfig
from hub.operators.store import CommandLog
from tests.conftest import Mosquitto
from tests.hub.operators.conftest import HUB
from tests.hub.operators.peer import Json, Peer
from tests.hub.operators.small_hub import running
from tests.observer import until

LIMIT = "charger.set_limit"


@pytest.fixture
def acme(mosquitto: Mosquitto) -> OperatorConfig:
    return OperatorConfig(url=f"mqtt://127.0.0.1:{mosquitto.port}", hub_id=HUB, commands=(LIMIT, "hub.fail"))


async def reply(peer: Peer, count: int = 1) -> Json:
    """The reply number `count`."""
    await until(lambda: len(peer.replies) >= count, f"reply {count}")
    return peer.replies[count - 1]


async def hears(peer: Peer) -> None:
    """Wait until the hub is there: what goes down is stored by nobody."""
    await until(lambda: bool(peer.statuses), "the hub")


async def test_it_is_carried_out_in_the_operators_name_and_answered(
    tmp_path: Path, acme: OperatorConfig, peer: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "evhub.audit")
    async with running(tmp_path, {"acme": acme}) as hub:
        await hears(peer)
        peer.command("c-1", LIMIT, charger="bay-1", limit_a=10)
        answer = await reply(peer)
        assert answer["id"] == "c-1"
        assert answer["result"] == {"limit_a": 10.0, "who": "acme", "via": "operator"}
        peer.command("c-2", LIMIT, charger="bay-1", limit_a=99)
        refused = await reply(peer, 2)
        assert (refused["ok"], refused["error"]["code"]) == (False, "refused")
        assert refused["error"]["next"] == "ask for 32 or less"
        peer.command("c-3", "hub.fail")
        assert (await reply(peer, 3))["error"]["message"] == "the hub failed on hub.fail"
        assert hub.done == [10.0, 99.0]
    assert "charger.set_limit" in caplog.text
    assert "by acme via operator" in caplog.text


async def test_the_same_again_gets_the_same_reply_also_after_a_restart(
    tmp_path: Path, acme: OperatorConfig, peer: Peer
) -> None:
    async with running(tmp_path, {"acme": acme}) as hub:
        await hears(peer)
        for count in (1, 2, 3):
            peer.command("c-1", LIMIT, charger="bay-1", limit_a=10)
            await reply(peer, count)
        assert hub.done == [10.0]
    peer.statuses.clear()
    async with running(tmp_path, {"acme": acme.model_copy(update={"commands": ()})}) as hub:
        await hears(peer)
        peer.command("c-1", LIMIT, expires_in_s=-5, charger="bay-1", limit_a=10)
        await reply(peer, 4)
        assert hub.done == []
    assert peer.replies[1:] == peer.replies[:-1]


async def test_while_it_is_at_work_the_same_again_changes_nothing(
    tmp_path: Path, acme: OperatorConfig, peer: Peer
) -> None:
    async with running(tmp_path, {"acme": acme}) as hub:
        await hears(peer)
        hub.gate.clear()
        for _ in range(3):
            peer.command("c-1", LIMIT, charger="bay-1", limit_a=10)
        for number in range(8):
            peer.command(f"more-{number}", LIMIT, charger="bay-1", limit_a=11)
        await until(lambda: len(hub.done) == 8, "eight at work")
        refused = await reply(peer)
        assert (refused["id"], refused["error"]["code"]) == ("more-7", "refused")
        hub.gate.set()
        await reply(peer, 9)
        assert hub.done.count(10.0) == 1


async def test_a_hub_that_ended_in_between_says_that_it_does_not_know(
    tmp_path: Path, acme: OperatorConfig, peer: Peer
) -> None:
    async with running(tmp_path, {}) as hub:  # what is on disk when a hub is killed at work
        until_ = datetime.now(UTC) + timedelta(minutes=1)
        await CommandLog(hub.store, hub.operators.hub.clock, "acme").take("c-1", LIMIT, until_)
    async with running(tmp_path, {"acme": acme}) as hub:
        answer = await reply(peer)
        assert (answer["id"], answer["error"]["code"]) == ("c-1", "not_known")
        peer.command("c-1", LIMIT, charger="bay-1", limit_a=10)
        assert await reply(peer, 2) == answer
        assert hub.done == []
    async with running(tmp_path, {"acme": acme}):
        peer.statuses.clear()
        await hears(peer)
    assert len(peer.replies) == 2  # said once by itself


@pytest.mark.parametrize(
    ("name", "expires_in_s", "retain", "synced", "code"),
    [
        ("hub.reset", 30.0, False, True, "not_allowed"),
        (LIMIT, -1.0, False, True, "expired"),
        (LIMIT, 30.0, True, True, "expired"),
        (LIMIT, 300.0, False, False, "refused"),
    ],
)
async def test_what_is_not_carried_out(
    tmp_path: Path,
    acme: OperatorConfig,
    peer: Peer,
    name: str,
    expires_in_s: float,
    retain: bool,
    synced: bool,
    code: str,
) -> None:
    if retain:
        peer.command("c-1", name, expires_in_s, retain=True, charger="bay-1", limit_a=10)
    async with running(tmp_path, {"acme": acme}, synced=lambda: synced) as hub:
        await hears(peer)
        if not retain:
            peer.command("c-1", name, expires_in_s, charger="bay-1", limit_a=10)
        answer = await reply(peer)
        assert answer["error"]["code"] == code
        assert answer["error"]["next"]
        assert hub.done == []
        peer.command("c-1", LIMIT, charger="bay-1", limit_a=10)  # it was never taken, so it may still be carried out
        assert (await reply(peer, 2))["ok"]


async def test_a_hub_without_a_time_server_takes_one_that_expires_soon(
    tmp_path: Path, acme: OperatorConfig, peer: Peer
) -> None:
    async with running(tmp_path, {"acme": acme}, synced=lambda: False):
        await hears(peer)
        peer.command("c-1", LIMIT, 50.0, charger="bay-1", limit_a=10)
        assert (await reply(peer))["ok"]


async def test_what_cannot_be_read_is_said_in_the_log_alone(
    tmp_path: Path, acme: OperatorConfig, peer: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    soon = iso(datetime.now(UTC) + timedelta(seconds=30))
    async with running(tmp_path, {"acme": acme}) as hub:
        await hears(peer)
        documents: tuple[object, ...] = (
            {"schema": "evhub.command.v1", "id": "c-1", "name": LIMIT, "args": {}},  # when does it expire?
            {"schema": "evhub.command.v2", "id": "c-2", "name": LIMIT, "args": {}, "expires_at": soon},
            {"id": "c-3", "name": LIMIT, "expires_at": soon},
            [],
        )
        for document in documents:
            peer.say("cmd", document)
        peer.command("c-4", LIMIT, charger="bay-1", limit_a=10)
        assert (await reply(peer))["id"] == "c-4"
        assert hub.done == [10.0]
    assert caplog.text.count("acme sent a command that cannot be read") == 4


async def test_the_configuration_names_an_order_that_is_none(
    tmp_path: Path, acme: OperatorConfig, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(tmp_path, {"acme": acme.model_copy(update={"commands": (LIMIT, "charger.dance")})}):
        assert "operators.acme.commands allows what no order is called: charger.dance" in caplog.text


@pytest.mark.needs_postgres
async def test_on_postgresql_too(postgres_url: str, acme: OperatorConfig, peer: Peer) -> None:
    async with running(postgres_url, {"acme": acme}) as hub:
        await hears(peer)
        for count in (1, 2):
            peer.command("c-1", LIMIT, charger="bay-1", limit_a=10)
            await reply(peer, count)
        assert hub.done == [10.0]
