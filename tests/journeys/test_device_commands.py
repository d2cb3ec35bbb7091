"""`evhub device` and `evhub config` at a hub in a process of its own: their words, their files and their exit codes."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.hub import Hub, run, started
from tests.journeys.test_run import quiet_config

pytestmark = pytest.mark.timeout(120)

DEVICES = """\
chargers:
  bay-1: {integration: ocpp, station: "0012"}   # by the door
  bay-2: {integration: ocpp, station: CP-2, circuit: grid}
"""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    config = quiet_config(tmp_path / "data")
    config.write_text(config.read_text() + DEVICES)
    with started(("run",), tmp_path / "data", "ws://") as running:
        yield running


def devices(hub: Hub) -> str:
    """What stands in the file from `chargers:` on."""
    return (hub.data / "config.yaml").read_text().partition("chargers:\n")[2]


def test_a_device_from_the_list_to_its_end(hub: Hub) -> None:
    listed = hub.cli("device", "list")
    assert [line.split() for line in listed.stdout.splitlines()] == [
        ["bay-1", "bay-1", "0012", "ocpp", "grid"],
        ["bay-2", "bay-2", "CP-2", "ocpp", "grid"],
    ]
    assert hub.cli("device", "rename", "bay-1", "Next to the lift").stdout == "bay-1 is called Next to the lift now.\n"
    replaced = hub.cli("device", "replace", "bay-1", "0013", "integration=ocpp")
    assert replaced.stdout == "bay-1: 0013 now, before 0012.\n"
    assert hub.cli("device", "retire", "CP-2").stdout == "bay-2 (CP-2) is not in the configuration any more.\n"
    assert devices(hub) == '  bay-1: {integration: ocpp, station: "0013", name: Next to the lift}   # by the door\n'
    by_json = json.loads(hub.cli("device", "list", "--json").stdout)
    assert [device["station"] for device in by_json["result"]["devices"]] == ["0013"]
    hub.wait_for(lambda status: status["chargers"].keys() == {"bay-1"}, within_s=20)


def test_what_is_refused_says_the_next_step(hub: Hub) -> None:
    stranger = hub.cli("device", "replace", "bay-1", "CP-9")
    assert stranger.returncode == 1
    assert "no device 'CP-9' was found" in stranger.stderr
    assert "integration=" in stranger.stderr
    unknown = hub.cli("device", "retire", "--json", "bay-7")
    assert unknown.returncode == 1
    assert json.loads(unknown.stdout)["error"]["code"] == "not_found"
    missing = hub.cli("device", "adopt", "CP-9", "circuit=grid")
    assert (missing.returncode, "no device 'CP-9' was found" in missing.stderr) == (1, True)
    assert hub.cli("device", "adopt", "CP-9", "circuit").returncode == 2
    assert hub.cli("device", "rename", "bay-1").returncode == 2
    assert devices(hub) == DEVICES.partition("\n")[2]


def test_an_edit_and_a_mistake_in_one(hub: Hub) -> None:
    file = hub.data / "config.yaml"
    good = file.read_text()
    assert hub.cli("config", "reload").stdout == f"{file} says nothing new.\n"
    file.write_text(good.replace("limit_a: 25", "limit_a: 20").replace("web: {", "web: {bind: '::1'} #"))
    read = hub.cli("config", "reload")
    assert "  grid.limit_a is new\n" in read.stdout
    assert "  web.bind needs a restart\n" in read.stdout
    assert "web.bind needs a restart" in hub.cli("status").stdout
    file.write_text(good.replace("limit_a: 25", "limit_a: 25A"))
    wrong = hub.cli("config", "reload")
    assert wrong.returncode == 1
    assert f"{file}:2" in wrong.stderr
    assert "Write 25." in wrong.stderr
    assert "next: repair the file" in wrong.stderr
    assert "has an error and does not count" in hub.cli("status").stdout
    assert hub.status()["circuits"]["grid"]["limit_a"]["l1"] == 20
    file.write_text(good)
    hub.process.send_signal(signal.SIGHUP)
    hub.wait_for(lambda status: status["circuits"]["grid"]["limit_a"]["l1"] == 25, within_s=20)
    assert hub.status()["config"] == {"file": str(file), "problems": 0, "needs_restart": []}


def test_without_a_hub_the_file_is_left_alone(tmp_path: Path) -> None:
    quiet_config(tmp_path / "data")
    ended = run("device", "retire", "bay-1", "--data", str(tmp_path / "data"))
    assert ended.returncode == 3
    assert "evhub run" in ended.stderr
