"""One operator and one hub over a real broker: everything arrives, in order, whatever is lost on the way."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from hub.core.clock import SystemClock
from hub.core.database import StoreConfig, open_engine, url_of
from hub.core.mqtt_link.client import Pauses
from hub.core.orders import Caller, Envelope
from hub.core.pen import new_epoch
from hub.model.facts import (
    ChargerChanged,
    DrawingChanged,
    OperatorConnected,
    OperatorDisconnected,
    OperatorOutOfStep,
)
from hub.model.person import EVERYBODY
from hub.operators.config import OperatorConfig
from hub.operators.store import known_readers
from hub.sdk.testing.clock import QuickClock
from tests.conftest import Mosquitto, mosquitto_in, process_ended, unused_port
from tests.hub.operators.conftest import HUB
from tests.hub.operators.peer import Json, Peer
from tests.hub.operators.small_hub import BAY_1, SmallHub, running
from tests.observer import until

TLS = Path(__file__).parents[2] / "tls"
REPOSITORY = Path(__file__).parents[3]


async def ask(hub: SmallHub, order: str, **args: object) -> Any:
    reply = await hub.orders.answer(Envelope(order, args), Caller("test", "cli", EVERYBODY))
    assert reply.error is None, reply.error
    return reply.result


async def view(hub: SmallHub) -> Any:
    return (await ask(hub, "operator.status"))["operators"]["acme"]


async def in_step(hub: SmallHub, peer: Peer) -> None:
    """Wait until the operator has all that the journal has, and the hub knows it."""
    await until(lambda: peer.upto.get(hub.store.epoch) == hub.journal.head_position.seq, "the operator to have it all")
    async with asyncio.timeout(10):
        while (await view(hub))["behind"]:
            await asyncio.sleep(0.02)


async def test_what_is_kept_arrives_in_order_and_the_cursor_follows(
    tmp_path: Path, acme: OperatorConfig, peer: Peer
) -> None:
    async with running(tmp_path, {"acme": acme}) as hub:
        await hub.journals(1200)
        await in_step(hub, peer)
        assert peer.seqs == list(range(1, hub.journal.head_position.seq + 1))
        assert peer.names()[0] == "evhub.hub_started.v1"
        assert peer.repeated == 0
        assert all(len(batch["items"]) <= 500 for batch in peer.batches)
        connected = [fact for fact in hub.facts if isinstance(fact, OperatorConnected)]
        assert [(fact.operator, fact.way) for fact in connected] == [("acme", "mqtt")]
        head = hub.journal.head
    async with running(tmp_path, {"acme": acme}) as hub:  # the cursor was kept: only what is new is sent
        await in_step(hub, peer)
        assert hub.journal.head == head + 1
    assert peer.repeated == 0
    assert peer.names()[-1] == "evhub.hub_started.v1"


@pytest.mark.needs_postgres
async def test_the_same_on_postgresql(postgres_url: str, acme: OperatorConfig, peer: Peer) -> None:
    async with running(postgres_url, {"acme": acme}) as hub:
        await hub.journals(700)
        await in_step(hub, peer)
        peer.command("c-1", "charger.set_limit", charger="bay-1", limit_a=10)
        await until(lambda: len(peer.replies) == 1, "the refusal")
        assert peer.seqs == list(range(1, 702))
        assert await known_readers(hub.store) == ["acme"]
        assert (await ask(hub, "operator.replay", since="2026-01-01"))["entries"] == hub.journal.head


async def test_lost_acks_cost_nothing_but_what_is_sent_twice(tmp_path: Path, acme: OperatorConfig, peer: Peer) -> None:
    """Half a minute passes quickly here."""
    peer.acks = False
    async with running(tmp_path, {"acme": acme}, QuickClock(40)) as hub:
        await hub.journals(600)
        await until(lambda: peer.repeated >= 600, "everything to come twice")
        assert (await view(hub))["behind"] == hub.journal.head
        assert "nothing was acknowledged for long" in (await view(hub))["last_error"]
        peer.acks = True
        await in_step(hub, peer)
    assert peer.seqs == list(range(1, 602))


async def test_a_lost_batch_is_asked_for_and_comes(tmp_path: Path, acme: OperatorConfig, peer: Peer) -> None:
    """The third message is lost behind the broker: nobody but the operator can know."""
    came: list[Json] = []

    def loses(batch: Json) -> bool:
        came.append(batch)
        return len(came) == 3

    peer.loses = loses
    async with running(tmp_path, {"acme": acme}) as hub:
        await hub.journals(4000)
        await in_step(hub, peer)
    assert sorted(peer.seqs) == list(range(1, 4002))
    assert len(came) < 60  # asked for by each message that was under way, and sent again once


async def test_an_operator_that_died_gets_what_it_has_not_committed(
    tmp_path: Path, acme: OperatorConfig, peer: Peer
) -> None:
    """It had acknowledged 500, and its database was restored to 100: it asks from there, below the hub's cursor."""
    async with running(tmp_path, {"acme": acme}) as hub:
        await hub.journals(500)
        await in_step(hub, peer)
        peer.stop()
        await hub.journals(100)
        for seq in range(101, 502):
            del peer.stored[hub.store.epoch, seq]
        peer.upto[hub.store.epoch] = 100
        peer.start()
        peer.say("ack", peer.ack_of(hub.store.epoch, resend=True))
        await in_step(hub, peer)
    assert sorted(peer.seqs) == list(range(1, 602))


async def test_an_ack_for_what_was_never_sent_is_an_alarm_and_everything_comes_again(
    tmp_path: Path, acme: OperatorConfig, peer: Peer
) -> None:
    async with running(tmp_path, {"acme": acme}) as hub:
        await hub.journals(20)
        await in_step(hub, peer)
        statuses = len(peer.statuses)
        peer.say("ack", {"schema": "evhub.ack.v1", "epoch": "f" * 32, "upto": 7, "resend": False})
        await until(lambda: peer.repeated >= 21, "the whole journal again")
        await until(lambda: "evhub.operator_out_of_step.v1" in peer.names(), "the alarm")
        assert len(peer.statuses) > statuses
        for _ in range(20):  # a mad operator is not answered each time
            peer.say("ack", {"schema": "evhub.ack.v1", "epoch": hub.store.epoch, "upto": 10**9})
        peer.say("ack", "nonsense")
        await in_step(hub, peer)
        assert sum(isinstance(fact, OperatorOutOfStep) for fact in hub.facts) == 1


async def test_the_owners_filter_and_what_was_thinned_are_told_in_ranges(
    tmp_path: Path, acme: OperatorConfig, peer: Peer
) -> None:
    async with running(tmp_path, {}) as hub:
        await hub.journals(50)
        await hub.store.write(
            lambda tx: tx.connection.exec_driver_sql("DELETE FROM journal WHERE no BETWEEN 10 AND 19")
        )
        epoch = hub.store.epoch
    kept_only = acme.model_copy(update={"classes": ("kept",)})
    async with running(tmp_path, {"acme": kept_only}) as hub:
        await in_step(hub, peer)
    assert peer.seqs == [1, 52]  # the two starts of the hub
    reasons = [peer.skipped[epoch, seq] for seq in range(2, 52)]
    assert reasons == ["filtered"] * 8 + ["thinned"] * 10 + ["filtered"] * 32


async def test_who_comes_late_is_told_what_was_pruned(tmp_path: Path, acme: OperatorConfig, peer: Peer) -> None:
    async with running(tmp_path, {}) as hub:
        await hub.journals(50)
        await hub.store.write(lambda tx: tx.connection.exec_driver_sql("DELETE FROM journal WHERE no <= 40"))
    async with running(tmp_path, {"acme": acme}) as hub:
        await in_step(hub, peer)
        await ask(hub, "operator.replay")
        await until(lambda: peer.repeated == 12, "the replay")
    assert peer.seqs == list(range(41, 53))
    assert list(peer.skipped.values()) == ["pruned"] * 40


async def test_a_new_operator_gets_what_happens_from_now_on(tmp_path: Path, acme: OperatorConfig, peer: Peer) -> None:
    async with running(tmp_path, {}) as hub:
        await hub.journals(50)
    from_now = acme.model_copy(update={"begin": "now"})
    async with running(tmp_path, {"acme": from_now}) as hub:
        await in_step(hub, peer)
        await hub.journals(3)
        await in_step(hub, peer)
        assert peer.seqs == [53, 54, 55]
        assert set(peer.skipped.values()) == {"filtered"}
        await ask(hub, "operator.replay")  # nor does it get the rest later
        await until(lambda: peer.repeated == 3, "the replay")
        assert peer.seqs == [53, 54, 55]


async def test_an_operator_that_left_the_configuration_is_forgotten(
    tmp_path: Path, acme: OperatorConfig, peer: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(tmp_path, {"acme": acme}) as hub:
        await in_step(hub, peer)
        assert await known_readers(hub.store) == ["acme"]
    async with running(tmp_path, {}) as hub:
        assert await known_readers(hub.store) == []
    assert "operator acme is not in the configuration any more" in caplog.text


async def test_a_broker_that_is_killed_and_one_that_comes_back(
    tmp_path: Path, acme: OperatorConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its data folder is there, and its clients' sessions are not: the operator misses what comes before it is back."""
    monkeypatch.setattr("hub.operators.by_mqtt.PAUSES", Pauses(longest_s=0.2))
    port = unused_port()
    config = acme.model_copy(update={"url": f"mqtt://127.0.0.1:{port}"})
    peer = Peer(HUB, port)
    async with running(tmp_path, {"acme": config}, QuickClock(20)) as hub:
        await until(lambda: any(isinstance(fact, OperatorDisconnected) for fact in hub.facts), "the first failure")
        with mosquitto_in(tmp_path / "broker", port) as broker:
            assert broker is not None
            peer.start()
            await hub.journals(3000)
            await until(lambda: len(peer.stored) > 500, "a part of it")
            os.kill(broker.pid, signal.SIGKILL)
            await until(lambda: isinstance(hub.facts[-1], OperatorDisconnected), "the loss to be noticed")
            await hub.journals(100)
        with mosquitto_in(tmp_path / "broker", port):
            await in_step(hub, peer)
            peer.stop()
    assert sorted(peer.seqs) == list(range(1, 3102))


async def test_a_hub_that_is_killed_in_mid_drain_goes_on_where_the_operator_is(
    tmp_path: Path, mosquitto: Mosquitto, peer: Peer
) -> None:
    command = [sys.executable, "-m", "tests.hub.operators.small_hub", str(tmp_path), str(mosquitto.port), "3000"]
    for round_ in range(1, 4):
        process = subprocess.Popen(command, cwd=REPOSITORY, start_new_session=True)
        await until(lambda: len(peer.stored) > 700 * round_, "some facts")  # noqa: B023
        process.kill()
        assert process_ended(process, within_s=5)
    config = OperatorConfig(url=f"mqtt://127.0.0.1:{mosquitto.port}", hub_id=HUB, begin="beginning")
    async with running(tmp_path, {"acme": config}) as hub:
        await in_step(hub, peer)
        head = hub.journal.head_position.seq
    assert sorted(peer.seqs) == list(range(1, head + 1))
    boots = {item["boot_id"] for item in peer.stored.values()}
    assert len(boots) == 4


async def test_live_status_does_not_wait_for_a_week_of_facts(tmp_path: Path, acme: OperatorConfig, peer: Peer) -> None:
    """The charger comes and goes all the time; the pause between two statuses stays below the promise of 2 s."""
    async with running(tmp_path, {}) as hub:
        await hub.journals(40_000)
    config = acme.model_copy(update={"most_per_s": 10_000, "status_interval_s": 0.2})
    async with running(tmp_path, {"acme": config}) as hub:
        online = True
        while len(peer.stored) < 40_000:
            online = not online
            hub.picture.chargers[BAY_1].online = online
            hub.bus.publish(ChargerChanged(BAY_1))
            await asyncio.sleep(0.2)
        behind = (await view(hub))["behind"]
    assert behind < 40_000
    heard_s = [at_s for at_s, _ in peer.statuses]
    assert heard_s[-1] - heard_s[0] > 2.0, "the drain was too quick to prove anything"
    assert max(after - before for before, after in pairwise(heard_s)) < 2.0
    revs = [status["rev"] for _, status in peer.statuses]
    assert revs == sorted(revs)


async def test_on_a_slow_line_the_status_does_not_wait_either(
    tmp_path: Path, acme: OperatorConfig, mosquitto: Mosquitto, peer: Peer
) -> None:
    """60 kB a second; the backlog alone would take it for a quarter of a minute. The promise is two seconds."""
    async with running(tmp_path, {}) as hub:
        await hub.journals(4_000)
    port = unused_port()
    config = acme.model_copy(update={"url": f"mqtt://127.0.0.1:{port}", "status_interval_s": 0.2})
    async with slow_line(port, mosquitto.port, bytes_a_second=60_000), running(tmp_path, {"acme": config}) as hub:
        await until(lambda: bool(peer.stored), "the backlog to begin")
        late_s = []
        for number in range(8):
            hub.picture.site = replace(hub.picture.site, name=f"site {number}")
            hub.bus.publish(DrawingChanged())
            began_s = time.monotonic()
            await until(lambda: peer.statuses[-1][1]["site"]["name"] == f"site {number}", "the news")  # noqa: B023
            late_s.append(time.monotonic() - began_s)
        assert 0 < len(peer.stored) < 4_000
        assert max(late_s) < 2.0


async def test_a_restored_hub_begins_a_new_series(tmp_path: Path, acme: OperatorConfig, peer: Peer) -> None:
    """What came between the backup and the restore is the operator's alone; the hub never takes it for its own."""
    async with running(tmp_path, {"acme": acme}) as hub:
        await hub.journals(30)
        await in_step(hub, peer)
        first = hub.store.epoch
    backup = (tmp_path / "evhub.db").read_bytes()
    async with running(tmp_path, {"acme": acme}) as hub:
        await hub.journals(20)
        await in_step(hub, peer)
    for left_over in tmp_path.glob("evhub.db*"):
        left_over.unlink()
    (tmp_path / "evhub.db").write_bytes(backup)
    engine = open_engine(url_of(StoreConfig(), tmp_path))
    with engine.begin() as connection:
        new_epoch(connection, 31, SystemClock())
    engine.dispose()
    async with running(tmp_path, {"acme": acme}) as hub:
        await hub.journals(5)
        await in_step(hub, peer)
        peer.say("ack", {"schema": "evhub.ack.v1", "epoch": first, "upto": 52})  # it knows more of the old series
        second = hub.store.epoch
        await hub.journals(1)
        await in_step(hub, peer)
        assert not any(isinstance(fact, OperatorOutOfStep) for fact in hub.facts)
    assert second != first
    assert [seq for epoch, seq in peer.stored if epoch == first] == list(range(1, 53))
    assert [seq for epoch, seq in peer.stored if epoch == second] == list(range(1, 8))


@asynccontextmanager
async def slow_line(port: int, broker_port: int, bytes_a_second: int) -> AsyncIterator[None]:
    """A line to the broker that takes so much upward; down it is quick."""
    pumps: list[asyncio.Task[None]] = []

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, chunk: int, pause_s: float) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(chunk):
                writer.write(data)
                await writer.drain()
                await asyncio.sleep(pause_s)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        broker_reader, broker_writer = await asyncio.open_connection("127.0.0.1", broker_port)
        pumps.append(asyncio.create_task(pump(reader, broker_writer, bytes_a_second // 50, 0.02)))
        pumps.append(asyncio.create_task(pump(broker_reader, writer, 65536, 0.0)))
        await asyncio.gather(*pumps[-2:], return_exceptions=True)
        writer.close()
        broker_writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()
        for one in pumps:
            one.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        await server.wait_closed()


async def test_a_status_is_kept_by_the_broker_and_needs_no_facts(
    tmp_path: Path, acme: OperatorConfig, peer: Peer
) -> None:
    async with running(tmp_path, {"acme": acme}) as hub:
        await in_step(hub, peer)
        hub.picture.chargers[BAY_1].online = False
        hub.bus.publish(ChargerChanged(BAY_1))
        await until(lambda: peer.statuses[-1][1]["chargers"]["bay-1"]["online"] is False, "the news")
    late = Peer(HUB, peer.port)
    late.start()
    await until(lambda: len(late.statuses) == 1, "the kept status")
    late.stop()
    assert late.statuses[0][1] == peer.statuses[-1][1]


async def test_the_owner_sees_how_it_goes_and_what_leaves(tmp_path: Path, acme: OperatorConfig, peer: Peer) -> None:
    async with running(tmp_path, {"acme": acme}) as hub:
        await hub.journals(20)
        await in_step(hub, peer)
        seen = await view(hub)
        assert (seen["connected"], seen["way"], seen["hub_id"], seen["behind"]) == (True, "mqtt", HUB, 0)
        assert seen["last_ack"]["upto"] == seen["cursor"] == seen["head"] == 21
        preview = await ask(hub, "operator.preview", last=5)
        assert preview["batch"]["items"] == [peer.stored[hub.store.epoch, seq] for seq in range(17, 22)]
        assert preview["status"]["site"]["name"] == "Riverside 12"
        assert (await ask(hub, "operator.preview"))["batch"] is None
        assert (await ask(hub, "operator.replay", since="12"))["entries"] == 10
        await until(lambda: peer.repeated == 10, "the replay")
        before = len(peer.stored)
        assert (await ask(hub, "operator.replay", operator="acme"))["entries"] == 21
        await until(lambda: peer.repeated == 31, "all of it")
        assert len(peer.stored) == before


async def test_what_was_sent_and_never_acknowledged_is_shown_as_what_goes_up_next(
    tmp_path: Path, acme: OperatorConfig, peer: Peer
) -> None:
    peer.acks = False
    async with running(tmp_path, {"acme": acme}) as hub:
        await hub.journals(3)
        await until(lambda: len(peer.stored) == 4, "all of it at the operator")
        assert (await view(hub))["behind"] == 4
        shown = (await ask(hub, "operator.preview", next=2))["batch"]["items"]
        assert [item["seq"] for item in shown] == [1, 2]


@pytest.mark.parametrize(
    ("order", "args", "code"),
    [
        ("operator.preview", {"operator": "other"}, "not_found"),
        ("operator.replay", {"since": "yesterday"}, "invalid"),
        ("operator.replay", {"since": "1000"}, "invalid"),
        ("operator.replay", {"since": "²"}, "invalid"),  # a digit, and no number
        ("operator.preview", {"last": 501}, "invalid"),
    ],
)
async def test_what_the_owner_cannot_ask_for(
    tmp_path: Path, acme: OperatorConfig, order: str, args: dict[str, object], code: str
) -> None:
    async with running(tmp_path, {"acme": acme}) as hub:
        reply = await hub.orders.answer(Envelope(order, args), Caller("test", "cli", EVERYBODY))
        assert reply.error is not None
        assert reply.error.code == code
        assert reply.error.next


async def test_with_two_operators_one_has_to_be_named(tmp_path: Path, acme: OperatorConfig, peer: Peer) -> None:
    other = acme.model_copy(update={"hub_id": "hub-at-other", "url": f"mqtt://127.0.0.1:{unused_port()}"})
    async with running(tmp_path, {"acme": acme, "other": other}) as hub:
        await in_step(hub, peer)  # one in trouble delays no other
        reply = await hub.orders.answer(Envelope("operator.preview", {}), Caller("test", "cli", EVERYBODY))
        assert reply.error is not None
        assert reply.error.next == "the operators are: acme, other"


async def test_the_hubs_own_name_is_made_once(tmp_path: Path, acme: OperatorConfig) -> None:
    nameless = acme.model_copy(update={"hub_id": None})
    names = []
    for _ in range(2):
        async with running(tmp_path, {"acme": nameless}) as hub:
            names.append((await view(hub))["hub_id"])
    assert names[0] == names[1]
    assert names[0].startswith("hub-")
    assert len(names[0]) <= 40


@asynccontextmanager
async def tls_broker(folder: Path, port: int, *more: str) -> AsyncIterator[None]:
    """A mosquitto that lets nobody in without a certificate of its own."""
    settings = [f"listener {port} 127.0.0.1", f"certfile {TLS / 'broker.pem'}", f"keyfile {TLS / 'broker.key'}", *more]
    (folder / "conf").write_text("\n".join([*settings, "user root"]) + "\n")
    broker = subprocess.Popen(["mosquitto", "-c", str(folder / "conf")], stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        broker.terminate()
        broker.wait()


@pytest.mark.needs_mosquitto
async def test_by_tls_the_hubs_certificate_opens_its_own_topics_alone(tmp_path: Path) -> None:
    """The certificate's name is hub-1; another hub_id may say nothing there."""
    port = unused_port()
    (tmp_path / "acl").write_text("user hub-1\npattern readwrite evhub-up/%u/#\n")
    identity = [f"cafile {TLS / 'hub.pem'}", "require_certificate true", "use_identity_as_username true"]
    config = OperatorConfig(
        url=f"mqtts://127.0.0.1:{port}",
        hub_id="hub-1",
        ca=TLS / "broker.pem",
        certificate=TLS / "hub.pem",
        key=TLS / "hub.key",
    )
    peer = Peer("hub-1", port)
    async with tls_broker(tmp_path, port, *identity, f"acl_file {tmp_path / 'acl'}"):
        async with running(tmp_path, {"acme": config}) as hub:
            await until(lambda: any(isinstance(fact, OperatorConnected) for fact in hub.facts), "the connection")
            peer.start(lambda client: client.tls_set(f"{TLS}/broker.pem", f"{TLS}/hub.pem", f"{TLS}/hub.key"))
            await hub.journals(5)
            await in_step(hub, peer)
        peer.stop()
        keyless = config.model_copy(update={"certificate": None, "key": None})
        async with running(tmp_path, {"acme": keyless}) as hub:
            await until(lambda: any(isinstance(fact, OperatorDisconnected) for fact in hub.facts), "the refusal")
            assert (await view(hub))["last_error"] is not None
    assert len(peer.stored) == 5
