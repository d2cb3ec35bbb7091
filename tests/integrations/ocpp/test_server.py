"""The listener: who may dial in and how, who waits, who is driven, and how sockets end."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from hub.model.candidate import Kind
from hub.model.facts import ChargerConnected, ChargerDisconnected
from hub.model.ids import CircuitId, StationId
from hub.model.units import Phase
from hub.sdk.testing import until
from integrations.ocpp.config import Config
from tests.integrations.ocpp.harness import SmallHub, Wishes, bay, small_hub
from tests.integrations.ocpp.scripted import Scripted

CP1 = StationId("CP1")


async def adopted(hub: SmallHub) -> None:
    """The owner has adopted station CP1."""
    await hub.draw(bay(1))


# strangers


async def test_a_stranger_waits_and_is_listed_with_its_model_and_outlets(hub: SmallHub) -> None:
    charger = hub.charger()
    charger.keys["NumberOfConnectors"] = "2"
    await charger.dial()
    answer = await charger.boot()
    assert (answer["status"], answer["interval"]) == ("Pending", 1)
    await until(lambda: CP1 in hub.waiting.here and hub.waiting.here[CP1].connectors)
    candidate = hub.waiting.here[CP1]
    assert (candidate.kind, candidate.model, candidate.connectors) == (Kind.CHARGER, "Acme Wall 11", 2)
    await charger.hang_up()
    await until(lambda: CP1 not in hub.waiting.here)


async def test_a_stranger_cannot_charge(hub: SmallHub) -> None:
    charger = hub.charger()
    await charger.dial()
    assert (await charger.say("Authorize", {"idTag": "TAG"}))[2]["idTagInfo"] == {"status": "Invalid"}
    start = {"connectorId": 1, "idTag": "TAG", "meterStart": 0, "timestamp": "2026-01-01T00:00:00Z"}
    assert (await charger.say("StartTransaction", start))[2]["idTagInfo"] == {"status": "Invalid"}
    assert (await charger.say("Heartbeat", {}))[0] == 3


async def test_a_silent_stranger_is_listed_too(hub: SmallHub) -> None:
    charger = hub.charger()
    charger.answers["GetConfiguration"] = None
    await charger.dial()
    await until(lambda: CP1 in hub.waiting.here)
    assert hub.waiting.here[CP1].connectors is None


async def test_always_adopt_says_so(tmp_path: Path) -> None:
    async with small_hub(tmp_path, Wishes(adopt="always")) as hub:
        charger = hub.charger()
        await charger.dial()
        await until(lambda: CP1 in hub.waiting.at_once)


# adoption


async def test_adoption_makes_a_waiting_socket_a_driven_station(hub: SmallHub) -> None:
    charger = hub.charger()
    charger.answers["TriggerMessage"] = {"status": "Accepted"}
    await charger.dial()
    assert (await charger.boot())["status"] == "Pending"
    await adopted(hub)
    await until(lambda: {"requestedMessage": "BootNotification"} in charger.all("TriggerMessage"))
    assert (await charger.boot())["status"] == "Accepted"
    live = await hub.online()
    assert live.identity is not None
    assert live.identity.model == "Wall 11"
    assert await hub.limit(10) == 10


async def test_adoption_works_where_the_trigger_is_ignored(hub: SmallHub) -> None:
    charger = hub.charger()
    charger.answers["TriggerMessage"] = {"status": "Rejected"}
    await charger.dial()
    await charger.boot()
    await adopted(hub)
    with pytest.raises(TimeoutError):  # it was told to wait, so nothing is asked of it before
        await until(lambda: hub.live().online, within_s=0.3)
    assert (await charger.boot())["status"] == "Accepted"  # at its own next try
    await hub.online()


async def test_adoption_works_for_a_station_that_never_boots(hub: SmallHub) -> None:
    charger = hub.charger()
    await charger.dial()
    await until(lambda: CP1 in hub.waiting.here)
    await adopted(hub)
    await hub.online()


async def test_an_outlet_that_is_adopted_later_is_driven_too(hub: SmallHub) -> None:
    charger = await hub.connected()
    await hub.draw(bay(1), bay(2, connector=2))
    await hub.online("bay-2")
    assert await hub.limit(8, "bay-2") == 8
    assert charger.all("SetChargingProfile")[-1]["connectorId"] == 2
    assert hub.told(ChargerDisconnected) == []


async def test_a_station_that_leaves_the_drawing_is_a_stranger_again(hub: SmallHub) -> None:
    charger = await hub.connected()
    await hub.draw()
    await until(lambda: charger.closed)
    await charger.dial()
    assert (await charger.boot())["status"] == "Pending"


async def test_new_settings_count_without_a_new_connection(hub: SmallHub) -> None:
    charger = await hub.connected()
    await hub.draw(bay(1), settings=Config(rate_unit="W"))
    await hub.online()
    await hub.limit(10)
    assert charger.limits[-1] == ("TxDefaultProfile", "W", 2300)


# handshakes


async def test_another_place_in_the_drawing_says_nothing_on_the_wire(hub: SmallHub) -> None:
    charger = await hub.connected()
    await hub.limit(10)
    before = len(charger.heard)
    moved = replace(bay(1), name="Door", circuit=CircuitId("row"), max_a=16.0, priority=2, fallback_a=0.0)
    await hub.draw(moved)
    await charger.status("Available")  # answered: whatever the new drawing had to say would have come before
    assert len(charger.heard) == before
    assert (hub.live().online, hub.live().held_a) == (True, 10)
    assert await hub.limit(20) == 16  # what changed counts for what is told next


async def test_another_wiring_is_set_up_anew_on_the_same_socket(hub: SmallHub) -> None:
    charger = await hub.connected()
    before = len(charger.all("GetConfiguration"))
    await hub.draw(bay(1, phases=(Phase.L1,)))
    await until(lambda: len(charger.all("GetConfiguration")) > before)
    assert not charger.closed
    assert hub.told(ChargerDisconnected) == []


async def test_q01_no_subprotocol_is_offered(hub: SmallHub) -> None:
    await adopted(hub)
    charger = hub.charger()
    await charger.dial(protocols=())
    assert (await charger.boot())["status"] == "Accepted"
    assert charger.socket is not None
    assert charger.socket.protocol is None


@pytest.mark.parametrize(
    ("offered", "taken"),
    [
        (("ocpp1.5", "ocpp1.6"), "ocpp1.6"),
        (("ocpp2.0.1.1", "ocpp1.6"), "ocpp1.6"),
        (("ocpp2.0.1", "OCPP1.6J"), "OCPP1.6J"),
        (("ocpp",), "ocpp"),  # a client that insists on an answer gets its own word
    ],
)
async def test_q02_the_best_of_several_subprotocols(hub: SmallHub, offered: tuple[str, ...], taken: str) -> None:
    await adopted(hub)
    charger = hub.charger()
    await charger.dial(protocols=offered)
    assert charger.socket is not None
    assert charger.socket.protocol == taken
    assert (await charger.boot())["status"] == "Accepted"


async def test_a_station_of_ocpp_2_only_is_sent_away(hub: SmallHub, caplog: pytest.LogCaptureFixture) -> None:
    caplog.clear()
    with caplog.at_level("WARNING"):
        charger = hub.charger()
        await charger.dial(protocols=("ocpp2.0.1", "ocpp2.1"))
        await until(lambda: charger.closed)
    assert "set it to OCPP 1.6J" in caplog.text
    assert CP1 not in hub.waiting.here


async def test_q03_a_handshake_without_connection_upgrade_is_refused_with_a_word(
    hub: SmallHub, caplog: pytest.LogCaptureFixture
) -> None:
    """aiohttp's parser decides this before any handler runs; the hub says which station it was, once."""
    for _ in range(2):
        reader, writer = await asyncio.open_connection("127.0.0.1", hub.port)
        writer.write(
            b"GET /ocpp/CP3 HTTP/1.1\r\nHost: hub\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: ocpp1.6\r\n\r\n"
        )
        assert (await reader.readline()).startswith(b"HTTP/1.1 400")
        writer.close()
        await writer.wait_closed()
    assert caplog.text.count("CP3: its handshake is not that of a WebSocket") == 1


@pytest.mark.parametrize(
    "path",
    [
        "/ocpp/CP|1",
        "/ocpp/CP%7C1",
        "/ocpp///CP%7c1/",
        "/ocpp/ws://hub:8887/ocpp/CP%7C1",
        "/ocpp/ws%3A%2F%2Fhub%3A8887%2Focpp%2FCP%7C1",
        "/CP%7C1",  # the address was typed without /ocpp
        "/ocpp/cp%7C1",
    ],
)
async def test_q04_an_identity_however_it_is_written(hub: SmallHub, path: str) -> None:
    await hub.draw(bay(1, station="CP|1"))
    charger = hub.charger()
    await charger.dial(path=path)
    assert (await charger.boot())["status"] == "Accepted"
    await hub.online()


@pytest.mark.parametrize("path", ["/", "/ocpp", "/ocpp/", "/ocpp/%0A", "/ocpp/" + "x" * 101])
async def test_an_address_without_an_identity_is_not_found(hub: SmallHub, path: str) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await hub.charger().dial(path=path)
    assert refused.value.status == 404


async def test_a_browser_is_told_that_this_is_no_page(hub: SmallHub) -> None:
    async with aiohttp.ClientSession() as session, session.get(hub.url.replace("ws", "http", 1) + "/CP1") as answer:
        assert answer.status == 400
        assert "WebSocket" in await answer.text()


# sockets that end


async def test_q13_the_newest_socket_wins_and_the_older_one_clears_nothing(hub: SmallHub) -> None:
    old = await hub.connected()
    new = hub.charger()
    await new.dial()
    await new.boot()
    await until(lambda: old.closed)
    await hub.until_told(ChargerConnected, 2)
    assert [event.why for event in hub.told(ChargerDisconnected)] == ["it dialled in anew"]
    assert await hub.limit(9) == 9
    assert (old.limits, new.limits) == ([], [("TxDefaultProfile", "A", 9)])
    assert hub.live().online


async def test_q13_nothing_from_the_older_socket_counts_any_more(hub: SmallHub) -> None:
    old = await hub.connected()
    new = hub.charger()
    await new.dial()
    await new.boot()
    await new.status("Charging")
    with pytest.raises((TimeoutError, ConnectionError)):
        async with asyncio.timeout(0.3):
            await old.status("Available")
    assert hub.live().status == "charging"


async def test_q37_a_socket_that_drops_without_a_close_frame(hub: SmallHub) -> None:
    charger = await hub.connected()
    await charger.cut()
    assert (await hub.until_told(ChargerDisconnected)).why == "its connection closed"
    reply = await hub.order("charger.reset", charger="bay-1")
    assert reply.error is not None
    assert reply.error.code == "unreachable"
    await charger.dial()
    await charger.boot()
    await hub.online()


async def test_q37_dropped_at_a_reset(hub: SmallHub) -> None:
    charger = await hub.connected()
    assert (await hub.order("charger.reset", charger="bay-1", hard=True)).ok
    assert charger.all("Reset") == [{"type": "Hard"}]
    await charger.cut()
    await until(lambda: not hub.live().online)
    await charger.dial()
    await charger.boot()
    await hub.online()


async def test_q35_a_hundred_chargers_dial_in_at_once(hub: SmallHub) -> None:
    numbers = range(1, 101)
    await hub.draw(*(bay(n, station=f"CP{n}") for n in numbers))
    chargers = [hub.charger(f"CP{n}") for n in numbers]

    async def come_back(charger: Scripted) -> None:
        await charger.dial()
        assert (await charger.boot())["status"] == "Accepted"
        await charger.status("Available")

    await asyncio.gather(*(come_back(charger) for charger in chargers))
    await until(lambda: all(hub.live(f"bay-{n}").online for n in numbers), within_s=20)
    assert [await hub.limit(10, f"bay-{n}") for n in (1, 50, 100)] == [10, 10, 10]


async def test_a_stop_closes_every_socket_in_good_order(tmp_path: Path) -> None:
    async with small_hub(tmp_path) as hub:
        charger = await hub.connected()
        stranger = hub.charger("CP9")
        await stranger.dial()
        await until(lambda: StationId("CP9") in hub.waiting.here)
    assert charger.socket is not None
    assert stranger.socket is not None
    assert (charger.socket.close_code, stranger.socket.close_code) == (1001, 1001)  # going away
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith(("ocpp", "devices"))]


async def test_a_stop_does_not_wait_for_a_dead_peer(tmp_path: Path) -> None:
    async with small_hub(tmp_path) as hub:
        charger = await hub.connected()
        assert charger._reading is not None
        charger._reading.cancel()  # it answers no close
        async with asyncio.timeout(1.5):
            await hub.stop()
