"""Transactions: one id for one start, whatever a charger sends twice, late, never, or with a wrong clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.model.charger import Status
from hub.model.errors import NotKept
from hub.model.facts import SessionEnded, SessionStarted
from hub.sdk.testing import until
from integrations.ocpp.config import Config
from tests.integrations.ocpp.harness import SmallHub, bay, small_hub
from tests.integrations.ocpp.scripted import now_text, sampled

REGISTER = "Energy.Active.Import.Register"


def ago(**time: float) -> str:
    """A moment before now, as a charger writes it."""
    return (datetime.now(UTC) - timedelta(**time)).isoformat(timespec="seconds").replace("+00:00", "Z")


def is_now(moment: datetime) -> bool:
    return abs(moment - datetime.now(UTC)) < timedelta(minutes=1)


async def test_a_session_from_start_to_stop(hub: SmallHub) -> None:
    charger = await hub.connected()
    transaction = await charger.start(at=ago(seconds=30), meterStart=1000, idTag="CARD")
    session = hub.live().session
    assert session is not None
    assert (session.transaction, session.token, session.start_wh) == (transaction, "CARD", 1000)
    await charger.meter(sampled(REGISTER, 1.75, unit="kWh"), transactionId=transaction)
    assert hub.live().session is not None
    assert hub.live().session.energy_wh == 750  # type: ignore[union-attr]
    await charger.stop(transaction, meter=2500, reason="EVDisconnected")
    assert hub.live().session is None
    ended = await hub.until_told(SessionEnded)
    assert (ended.transaction, ended.energy_wh, ended.reason) == (transaction, 1500, "EVDisconnected")


async def test_ids_survive_a_restart_of_the_hub(tmp_path: Path) -> None:
    async with small_hub(tmp_path) as hub:
        transaction = await (await hub.connected()).start(at=ago(hours=1))
        before = hub.live().session
        assert before is not None
    async with small_hub(tmp_path) as again:
        charger = await again.connected()
        session = again.live().session
        assert session is not None
        assert (session.id, session.transaction) == (before.id, transaction)
        await charger.stop(transaction, meter=4000)
        assert (await again.until_told(SessionEnded)).energy_wh == 3000
        assert await charger.start(meterStart=4000) != transaction


async def test_sessions_of_two_outlets(hub: SmallHub) -> None:
    await hub.draw(bay(1), bay(2, connector=2))
    charger = hub.charger()
    await charger.dial()
    await charger.boot()
    first, second = await charger.start(), await charger.start(connectorId=2, idTag="B")
    assert first != second
    await charger.stop(first)
    assert hub.live("bay-1").session is None
    assert hub.live("bay-2").session is not None


async def test_an_outlet_that_is_not_adopted_cannot_charge(hub: SmallHub) -> None:
    charger = await hub.connected()
    said = {"connectorId": 2, "idTag": "T", "meterStart": 0, "timestamp": now_text()}
    frame = await charger.say("StartTransaction", said)
    assert frame[2] == {"transactionId": 0, "idTagInfo": {"status": "Invalid"}}


async def test_q29_the_answer_to_a_start_can_be_delayed(hub: SmallHub) -> None:
    charger = await hub.connected(settings=Config(answer_delay_ms=150))
    began = datetime.now(UTC)
    await charger.start()
    assert datetime.now(UTC) - began >= timedelta(milliseconds=150)


# restarts in mid transaction


async def test_q07_a_boot_does_not_end_the_session(hub: SmallHub) -> None:
    charger = await hub.connected()
    transaction = await charger.start()
    await charger.cut()
    await charger.dial()
    await charger.boot()
    await hub.online()
    await charger.meter(sampled(REGISTER, 1500), transactionId=transaction)
    session = hub.live().session
    assert session is not None
    assert (session.transaction, session.energy_wh) == (transaction, 500)
    await charger.stop(transaction, meter=2000)
    assert (await hub.until_told(SessionEnded)).energy_wh == 1000


@pytest.mark.parametrize("before", ["Charging", "Preparing", "SuspendedEVSE"])
async def test_q07_it_goes_on_under_a_new_start_of_the_same_card(hub: SmallHub, before: str) -> None:
    charger = await hub.connected()
    transaction = await charger.start(meterStart=1000, at=ago(minutes=30))
    await charger.cut()
    await charger.dial()
    await charger.boot()
    await charger.status(before)
    assert await charger.start(meterStart=1800) == transaction
    await charger.stop(transaction, meter=3000)
    await charger.status("Available")
    ended = await hub.until_told(SessionEnded)
    assert (ended.energy_wh, len(hub.told(SessionStarted))) == (2000, 1)


async def test_q07_another_card_is_another_session(hub: SmallHub) -> None:
    charger = await hub.connected()
    first = await charger.start(meterStart=1000, idTag="ANNE")
    await charger.boot()
    second = await charger.start(meterStart=1800, idTag="BERT")
    assert second != first
    ended = await hub.until_told(SessionEnded)
    assert (ended.transaction, ended.reason) == (first, "replaced")


async def test_q07_a_free_outlet_in_between_is_another_session(hub: SmallHub) -> None:
    charger = await hub.connected()
    first = await charger.start(meterStart=1000)
    await charger.boot()
    await charger.status("Available")
    assert await charger.start(meterStart=1800) != first


async def test_q38_a_transaction_that_the_charger_forgot_is_given_up(hub: SmallHub) -> None:
    charger = await hub.connected()
    lost = await charger.start()
    await charger.boot()
    await charger.status("Available")
    ended = await hub.until_told(SessionEnded)
    assert (ended.transaction, ended.reason) == (lost, "Reboot")
    assert hub.live().session is None


async def test_q38_it_does_not_block_a_remote_start(hub: SmallHub) -> None:
    charger = await hub.connected()
    await charger.start()
    await charger.boot()
    await charger.status("Preparing")
    assert (await hub.order("charger.start", charger="bay-1", token="APP")).ok
    assert charger.all("RemoteStartTransaction") == [{"connectorId": 1, "idTag": "APP"}]
    fresh = await charger.start(idTag="APP", meterStart=1200)
    session = hub.live().session
    assert session is not None
    assert (session.transaction, session.token) == (fresh, "APP")


async def test_a_stop_that_is_only_a_little_late_has_the_last_word(hub: SmallHub) -> None:
    charger = await hub.connected()
    transaction = await charger.start(meterStart=1000, at=ago(hours=1))
    await charger.status("Available")
    await charger.stop(transaction, meter=5000)
    ended = await hub.until_told(SessionEnded)
    assert (ended.energy_wh, ended.reason) == (4000, "Local")


async def test_a_charge_that_goes_on_after_all_is_not_given_up(hub: SmallHub) -> None:
    charger = await hub.connected()
    await charger.start()
    await charger.status("Available")
    await charger.status("Charging")
    second = hub.charger("CP2")  # any later event: the time to give up has passed by then
    await second.dial()
    await until(lambda: "CP2" in hub.waiting.here)
    assert hub.live().session is not None


# odd ids


@pytest.mark.parametrize("transaction", [999_999, -7, "4711", "not a number", 2**40, None])
async def test_q17_a_stop_of_an_unknown_transaction_is_acknowledged(hub: SmallHub, transaction: object) -> None:
    charger = await hub.connected()
    at = ago(minutes=1)
    for _ in range(2):
        await charger.stop(transaction, at=at)
    await hub.bus.drained()
    assert [(ended.energy_wh, ended.flags) for ended in hub.told(SessionEnded)] == [(None, ("start_missing",))]


@pytest.mark.parametrize("transaction", [0, -1])
async def test_q17_a_stop_without_an_id_means_the_one_that_runs(hub: SmallHub, transaction: int) -> None:
    charger = await hub.connected()
    running = await charger.start()
    await charger.stop(transaction, meter=1500)
    ended = await hub.until_told(SessionEnded)
    assert (ended.transaction, ended.energy_wh) == (running, 500)


async def test_q17_the_id_as_a_text(hub: SmallHub) -> None:
    charger = await hub.connected()
    running = await charger.start()
    await charger.stop(str(running))
    assert (await hub.until_told(SessionEnded)).transaction == running


async def test_q17_nobody_ends_the_transaction_of_another_station(hub: SmallHub) -> None:
    await hub.draw(bay(1), bay(2, station="CP2"))
    one, two = hub.charger("CP1"), hub.charger("CP2")
    for charger in (one, two):
        await charger.dial()
        await charger.boot()
    running = await one.start()
    await two.stop(running)
    assert hub.live("bay-1").session is not None
    assert hub.told(SessionEnded) == []


async def test_q17_a_transaction_of_another_central_system_can_be_stopped(hub: SmallHub) -> None:
    charger = await hub.connected()
    await charger.amps(10, 10, 10, transactionId=77)
    assert (await hub.order("charger.stop", charger="bay-1")).ok
    assert charger.all("RemoteStopTransaction") == [{"transactionId": 77}]


# twice


async def test_q18_the_same_start_again_is_the_same_transaction(hub: SmallHub) -> None:
    charger = await hub.connected()
    said: dict[str, Any] = {"connectorId": 1, "idTag": "T", "meterStart": 5, "timestamp": ago(seconds=9)}
    same_id = [await charger.say("StartTransaction", said, "m1") for _ in range(2)]
    other_id = await charger.say("StartTransaction", said, "m2")
    assert {frame[2]["transactionId"] for frame in (*same_id, other_id)} == {same_id[0][2]["transactionId"]}
    await hub.bus.drained()
    assert len(hub.told(SessionStarted)) == 1


async def test_q18_the_same_start_again_after_a_restart_of_the_hub(tmp_path: Path) -> None:
    at = ago(seconds=9)
    async with small_hub(tmp_path) as hub:
        transaction = await (await hub.connected()).start(at=at)
    async with small_hub(tmp_path) as again:
        assert await (await again.connected()).start(at=at) == transaction
        assert again.told(SessionStarted) == []


async def test_q18_the_same_start_from_a_charger_without_a_clock(hub: SmallHub) -> None:
    charger = await hub.connected()
    first = await charger.start(at="1970-01-01T00:00:30Z")
    assert await charger.start(at="1970-01-01T00:00:41Z") == first


async def test_q18_the_same_start_and_stop_again_after_the_end(hub: SmallHub) -> None:
    charger = await hub.connected()
    at = ago(seconds=9)
    transaction = await charger.start(at=at)
    await charger.stop(transaction)
    assert await charger.start(at=at) == transaction
    await charger.stop(transaction)
    await hub.bus.drained()
    assert (len(hub.told(SessionStarted)), len(hub.told(SessionEnded))) == (1, 1)
    assert hub.live().session is None


# late


async def test_q19_a_history_of_two_charges_is_dumped_at_the_first_connect(hub: SmallHub) -> None:
    charger = await hub.connected()
    for hours, register in ((9, 1000), (6, 5000)):
        transaction = await charger.start(at=ago(hours=hours), meterStart=register)
        await charger.amps(16, 16, 16, at=ago(hours=hours - 1), transactionId=transaction)
        await charger.stop(transaction, meter=register + 3000, at=ago(hours=hours - 2))
    assert hub.live().line_a is None  # nothing of that flows now
    await hub.bus.drained()
    assert [ended.energy_wh for ended in hub.told(SessionEnded)] == [3000, 3000]
    assert hub.told(SessionEnded)[0].at < datetime.now(UTC) - timedelta(hours=6)


async def test_q19_a_start_of_yesterday_does_not_end_the_charge_of_today(hub: SmallHub) -> None:
    charger = await hub.connected()
    today = await charger.start(at=ago(minutes=5), meterStart=9000, idTag="TODAY")
    old = await charger.start(at=ago(hours=20), meterStart=1000, idTag="OLD")
    session = hub.live().session
    assert session is not None
    assert session.transaction == today
    await charger.stop(old, meter=4000, at=ago(hours=18))
    await charger.stop(today, meter=9500)
    await hub.bus.drained()
    assert [(ended.transaction, ended.energy_wh) for ended in hub.told(SessionEnded)] == [(old, 3000), (today, 500)]


async def test_q19_an_old_start_whose_stop_never_comes_ends_with_the_next(hub: SmallHub) -> None:
    charger = await hub.connected()
    today = await charger.start(at=ago(minutes=5), meterStart=9000, idTag="TODAY")
    old = await charger.start(at=ago(hours=20), meterStart=1000, idTag="OLD")
    await charger.stop(today, meter=9500)
    await hub.bus.drained()
    assert [(ended.transaction, ended.reason) for ended in hub.told(SessionEnded)] == [
        (today, "Local"),
        (old, "replaced"),
    ]


async def test_q19_a_stop_without_a_start(hub: SmallHub) -> None:
    charger = await hub.connected()
    await charger.stop(12345, at=ago(hours=3))
    assert await charger.start() != 12345


async def test_q19_meter_values_without_a_start(hub: SmallHub) -> None:
    charger = await hub.connected()
    await charger.amps(10, 9, 8, transactionId=4711)
    assert hub.live().line_a == (10, 9, 8)
    assert hub.live().session is None


# clocks


@pytest.mark.parametrize("at", ["1970-01-01T00:01:00Z", "2099-12-31T23:59:59Z", "", "12:00", None])
async def test_q21_a_clock_that_cannot_be_meant_gives_the_hubs_time(hub: SmallHub, at: str | None) -> None:
    charger = await hub.connected()
    said = {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": at}
    transaction = (await charger.say("StartTransaction", said))[2]["transactionId"]
    session = hub.live().session
    assert session is not None
    assert is_now(session.started_at)
    await charger.say("StopTransaction", {"transactionId": transaction, "meterStop": 10, "timestamp": at})
    assert is_now((await hub.until_told(SessionEnded)).at)


async def test_q21_local_time_with_a_z_and_without_a_zone(hub: SmallHub) -> None:
    charger = await hub.connected()
    ahead = (datetime.now(UTC) + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S")
    transaction = await charger.start(at=f"{ahead}Z")
    session = hub.live().session
    assert session is not None
    assert is_now(session.started_at)
    await charger.stop(transaction, at=ahead)
    ended = await hub.until_told(SessionEnded)
    assert ended.at >= session.started_at


async def test_q21_a_stop_before_its_start_ends_at_the_start(hub: SmallHub) -> None:
    charger = await hub.connected()
    transaction = await charger.start()
    session = hub.live().session
    assert session is not None
    await charger.stop(transaction, at=ago(hours=2))
    assert (await hub.until_told(SessionEnded)).at == session.started_at


# the car stays


async def test_the_session_goes_on_until_the_car_leaves(hub: SmallHub) -> None:
    charger = await hub.connected()
    transaction = await charger.start(at=ago(minutes=30), meterStart=1000)
    await charger.status("Charging")
    await charger.stop(transaction, meter=6000)
    await charger.status("Finishing")
    session = hub.live().session
    assert session is not None
    assert (session.transaction, session.energy_wh) == (None, 5000)
    refused = await hub.order("charger.stop", charger="bay-1")
    assert refused.error is not None
    await charger.status("Available")
    ended = await hub.until_told(SessionEnded)
    assert (ended.session, ended.transaction, ended.energy_wh) == (session.id, transaction, 5000)
    assert ended.ended_at > ended.started_at + timedelta(minutes=29)


async def test_the_same_card_again_is_the_same_session(hub: SmallHub) -> None:
    charger = await hub.connected()
    first = await charger.start(at=ago(minutes=30), meterStart=1000)
    await charger.status("Charging")
    await charger.stop(first, meter=6000)
    await charger.status("Finishing")
    second = await charger.start(meterStart=6000)
    assert second != first
    await charger.stop(second, meter=7000)
    await charger.status("Available")
    ended = await hub.until_told(SessionEnded)
    assert (ended.transaction, ended.energy_wh, len(hub.told(SessionStarted))) == (second, 6000, 1)


# the database


async def test_what_the_database_cannot_take_is_sent_again(hub: SmallHub, monkeypatch: pytest.MonkeyPatch) -> None:
    charger = await hub.connected()
    at = ago(seconds=9)
    said = {"connectorId": 1, "idTag": "TAG", "meterStart": 1000, "timestamp": at}
    with monkeypatch.context() as full:
        full.setattr(hub.store, "write", _takes_nothing)
        assert (await charger.say("StartTransaction", said))[0] == 4
        assert hub.live().session is None
    transaction = await charger.start(at=at)
    with monkeypatch.context() as full:
        full.setattr(hub.store, "write", _takes_nothing)
        frame = await charger.say("StopTransaction", {"transactionId": transaction, "meterStop": 1500, "timestamp": at})
        assert frame[:3] == [4, frame[1], "InternalError"]
    await charger.stop(transaction, meter=1500)
    assert (await hub.until_told(SessionEnded)).energy_wh == 500


async def test_a_station_that_gives_up_its_start_has_its_session_at_the_right_outlet(
    hub: SmallHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hub.draw(bay(1), bay(2, connector=2))
    charger = hub.charger()
    await charger.dial()
    await charger.boot()
    running = await charger.start(meterStart=20_000)
    said = {"connectorId": 2, "idTag": "B", "meterStart": 1000, "timestamp": ago(minutes=4)}
    with monkeypatch.context() as full:
        full.setattr(hub.store, "write", _takes_nothing)
        for _ in range(3):
            assert (await charger.say("StartTransaction", said))[0] == 4
    await charger.stop(-1, meter=1500)
    ended = await hub.until_told(SessionEnded)
    assert (ended.charger, ended.energy_wh, ended.transaction != running) == ("bay-2", 500, True)
    session = hub.live("bay-1").session
    assert session is not None
    assert (session.transaction, session.energy_wh) == (running, 0)


async def _takes_nothing(work: object, *, durable: bool = True) -> None:
    raise NotKept("the database does not take it: the disk is full", "make room")


async def test_statuses_do_not_touch_the_session(hub: SmallHub) -> None:
    charger = await hub.connected()
    await charger.status("Preparing")
    await charger.start()
    for status in ("Charging", "SuspendedEV", "Charging", "Finishing"):
        await charger.status(status)
    assert hub.live().session is not None
    assert hub.live().status is Status.FINISHING
