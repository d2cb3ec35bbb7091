"""Where no MQTT gets out: the same by HTTPS, and back to MQTT when it works again."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.core.mqtt_link.client import Pauses
from hub.model.facts import ChargerChanged, OperatorConnected, OperatorDisconnected
from hub.operators.config import OperatorConfig
from hub.sdk.testing.clock import QuickClock
from tests.conftest import mosquitto_in, unused_port
from tests.hub.operators.conftest import HUB
from tests.hub.operators.fallback import TLS, TOKEN, Fallback, serving
from tests.hub.operators.peer import Peer
from tests.hub.operators.small_hub import BAY_1, SmallHub, running
from tests.hub.operators.test_uplink import in_step, view
from tests.observer import until

SHORT = Pauses(longest_s=0.2)


def reached(fallback_port: int, **more: object) -> OperatorConfig:
    given = {"fallback_url": f"http://127.0.0.1:{fallback_port}", "token": TOKEN, "hub_id": HUB, "begin": "beginning"}
    return OperatorConfig.model_validate({**given, **more})


def ways(hub: SmallHub) -> list[str]:
    return [fact.way for fact in hub.facts if isinstance(fact, OperatorConnected)]


async def test_https_alone_brings_everything_one_batch_after_the_other(tmp_path: Path) -> None:
    peer, port = Peer(HUB), unused_port()
    async with serving(Fallback(peer), port), running(tmp_path, {"acme": reached(port)}) as hub:
        await hub.journals(3000)
        await in_step(hub, peer)
        hub.picture.chargers[BAY_1].online = False
        hub.bus.publish(ChargerChanged(BAY_1))
        await until(lambda: peer.statuses[-1][1]["chargers"]["bay-1"]["online"] is False, "the news")
        assert ways(hub) == ["https"]
        assert (await view(hub))["way"] == "https"
    assert peer.seqs == list(range(1, 3002))
    assert peer.repeated == 0


async def test_by_tls_with_an_authority_of_the_operators_own(tmp_path: Path) -> None:
    peer, port = Peer(HUB), unused_port()
    config = reached(port, fallback_url=f"https://127.0.0.1:{port}", ca=TLS / "broker.pem")
    async with serving(Fallback(peer), port, tls=True):
        async with running(tmp_path, {"acme": config}) as hub:
            await in_step(hub, peer)
        async with running(tmp_path, {"acme": config.model_copy(update={"ca": None})}) as hub:
            await until(lambda: any(isinstance(fact, OperatorDisconnected) for fact in hub.facts), "the refusal")
            assert "certificate" in (await view(hub))["last_error"]


async def test_certificates_are_read_again_after_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bad file keeps no site from running, and the good one that replaces it needs no restart."""
    monkeypatch.setattr("hub.operators.by_https.PAUSES", SHORT)
    peer, port, ca = Peer(HUB), unused_port(), tmp_path / "ca.pem"
    ca.write_text("nothing")
    config = reached(port, fallback_url=f"https://127.0.0.1:{port}", ca=ca)
    async with serving(Fallback(peer), port, tls=True), running(tmp_path, {"acme": config}) as hub:
        await until(lambda: any(isinstance(fact, OperatorDisconnected) for fact in hub.facts), "the failure")
        ca.write_bytes((TLS / "broker.pem").read_bytes())
        await in_step(hub, peer)


@pytest.mark.parametrize(
    ("refuses", "why"), [(401, "it does not know our token"), (503, "it answers 503"), (None, "Connect call failed")]
)
async def test_after_a_failure_it_rests_and_tries_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refuses: int | None, why: str
) -> None:
    monkeypatch.setattr("hub.operators.by_https.PAUSES", SHORT)
    peer, port = Peer(HUB), unused_port()
    fallback = Fallback(peer, refuses)
    async with running(tmp_path, {"acme": reached(port)}) as hub:
        if refuses is None:
            await until(lambda: any(isinstance(fact, OperatorDisconnected) for fact in hub.facts), "the failure")
            assert why in (await view(hub))["last_error"]
        async with serving(fallback, port):
            if refuses is not None:
                await until(lambda: len(fallback.requests) > 3, "some tries")
                assert why in (await view(hub))["last_error"]
                fallback.refuses = None
            await in_step(hub, peer)
            assert ways(hub) == ["https"]
        assert [type(fact) for fact in hub.facts].count(OperatorDisconnected) == 1


@pytest.mark.needs_mosquitto
async def test_mqtt_is_taken_as_soon_as_it_works_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five minutes without MQTT pass quickly here."""
    monkeypatch.setattr("hub.operators.by_mqtt.PAUSES", SHORT)
    peer, mqtt_port, https_port = Peer(HUB), unused_port(), unused_port()
    peer.port = mqtt_port
    config = reached(https_port, url=f"mqtt://127.0.0.1:{mqtt_port}")
    async with (
        serving(fallback := Fallback(peer), https_port),
        running(tmp_path, {"acme": config}, QuickClock(200)) as hub,
    ):
        await hub.journals(10)
        await in_step(hub, peer)
        assert ways(hub) == ["https"]
        with mosquitto_in(tmp_path / "broker", mqtt_port):
            peer.start()
            await until(lambda: ways(hub) == ["https", "mqtt"], "MQTT")
            asked = len(fallback.requests)
            await hub.journals(10)
            await in_step(hub, peer)
            assert len(fallback.requests) == asked
            peer.stop()
        await until(lambda: ways(hub) == ["https", "mqtt", "https"], "HTTPS again")
    assert sorted(peer.seqs) == list(range(1, 22))
