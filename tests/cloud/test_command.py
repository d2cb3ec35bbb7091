"""A command goes to one hub, and its reply comes back and is kept."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from cloud.command import arguments, main
from tests.cloud.hub_peer import hub_peer
from tests.cloud.waiting import wait_until
from tests.servers import Nats, nats_in


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[Nats]:
    server = nats_in(tmp_path / "nats", {"garage-1": "pw"})
    server.program.start()
    yield server
    server.program.stop()


def test_a_command_and_its_reply(nats: Nats) -> None:
    words = ["garage-1", "charger.set_limit", "charger=bay-1", "limit_a=10", "--nats", nats.url, "--expires", "5"]
    with hub_peer(nats.mqtt_port, "garage-1", "pw") as hub:
        wait_until(hub.is_listening)
        ran = CliRunner().invoke(main, words)
    assert ran.exit_code == 0, ran.output
    assert json.loads(ran.output)["result"] == {"did": "charger.set_limit", "charger": "bay-1", "limit_a": 10}


def test_nobody_answers(nats: Nats) -> None:
    ran = CliRunner().invoke(main, ["garage-9", "charger.start", "--nats", nats.url, "--expires", "0.2"])
    assert ran.exit_code == 1
    assert "did not answer" in ran.output


def test_values_are_json_where_they_are_json() -> None:
    assert arguments(("a=1", "b=x", "c=null", "d=1,2", 'e={"f": true}')) == {
        "a": 1,
        "b": "x",
        "c": None,
        "d": "1,2",
        "e": {"f": True},
    }
