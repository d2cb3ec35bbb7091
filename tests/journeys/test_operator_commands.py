"""`evhub operator` at a hub in a process of its own: its words, its JSON and its exit codes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Mosquitto
from tests.hub.operators.conftest import HUB
from tests.hub.operators.peer import Peer
from tests.journeys.hub import Hub, started
from tests.journeys.test_run import quiet_config

pytestmark = [pytest.mark.timeout(90), pytest.mark.needs_mosquitto]


@pytest.fixture
def peer(mosquitto: Mosquitto) -> Iterator[Peer]:
    operator = Peer(HUB, mosquitto.port)
    operator.start()
    yield operator
    operator.stop()


@pytest.fixture
def hub(tmp_path: Path, mosquitto: Mosquitto, peer: Peer) -> Iterator[Hub]:
    config = quiet_config(tmp_path / "data")
    config.write_text(
        config.read_text() + "operators:\n"
        f"  acme: {{url: 'mqtt://127.0.0.1:{mosquitto.port}', hub_id: {HUB}, begin: beginning}}\n"
        f"  other: {{fallback_url: 'http://127.0.0.1:9', hub_id: hub-at-other}}\n"
    )
    with started(("run",), tmp_path / "data", "ws://") as running:
        running.wait_for(lambda _: bool(peer.stored), within_s=20)
        yield running


def test_what_the_owner_sees_and_does(hub: Hub, peer: Peer) -> None:
    status = hub.cli("operator", "status")
    assert status.returncode == 0
    assert "acme: connected by mqtt since " in status.stdout
    assert f", as {HUB}\n  0 behind (it has 1 of 1)\n  last ack: " in status.stdout
    assert "other: not connected since " in status.stdout
    assert "  last ack: none yet; last trouble: " in status.stdout
    preview = hub.cli("operator", "preview", "--last", "1", "acme")
    batch, _, live = preview.stdout.partition("\n}\n")
    assert json.loads(batch + "}")["items"] == list(peer.stored.values())
    assert json.loads(live)["schema"] == "evhub.status.v1"
    nothing = hub.cli("operator", "preview", "acme")
    assert nothing.stderr == "nothing waits; --last shows what went before\n"
    replayed = hub.cli("operator", "replay", "acme", "--from", "1")
    assert replayed.stdout == "Entries of the journal that go to acme again: 1.\n"
    hub.wait_for(lambda _: peer.repeated == 1, within_s=10)


def test_for_machines_and_what_goes_wrong(hub: Hub) -> None:
    status = json.loads(hub.cli("operator", "status", "acme", "--json").stdout)
    assert status["result"]["operators"]["acme"]["way"] == "mqtt"
    which = hub.cli("operator", "preview")
    assert which.returncode == 1
    assert "say which operator" in which.stderr
    unknown = json.loads(hub.cli("operator", "replay", "nobody", "--json").stdout)
    assert unknown["error"]["next"] == "the operators are: acme, other"
    assert hub.cli("operator", "preview", "acme", "--last", "501").returncode == 2
    when = hub.cli("operator", "replay", "acme", "--from", "yesterday")
    assert "'yesterday' is neither a place nor a time" in when.stderr
