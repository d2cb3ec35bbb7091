"""`evhub run` on a fresh machine, and the commands around it, by their exit codes and words."""

from __future__ import annotations

import json
import socket
import subprocess
from pathlib import Path

import pytest

from tests.conftest import unused_port
from tests.journeys.hub import EVHUB, run, started

pytestmark = pytest.mark.timeout(90)


def quiet_config(data: Path) -> Path:
    """The shipped configuration on free ports of loopback, without a broker."""
    data.mkdir()
    config = data / "config.yaml"
    config.write_text(
        "site: {name: Test}\ngrid: {limit_a: 25}\nmqtt: {enabled: false}\ndiscovery: {enabled: false}\n"
        f"web: {{port: {unused_port()}, bind: 127.0.0.1}}\nocpp: {{port: {unused_port()}, bind: 127.0.0.1}}\n"
    )
    return config


def test_it_starts_with_nothing_configured_and_says_what_next(tmp_path: Path) -> None:
    quiet_config(tmp_path / "data")
    with started(("run",), tmp_path / "data", "device.adopt") as hub:
        assert any("ws://" in line for line in hub.said)
        assert hub.status()["chargers"] == {}
        assert hub.cli("status").returncode == 0
        orders = hub.cli("order", "--list")
        assert "charger.set_limit" in orders.stdout
        second = run("run", "--data", str(tmp_path / "data"))
        assert second.returncode == 1
        assert "another evhub runs" in second.stderr
    assert hub.process.returncode == 0


def test_a_port_in_use_is_an_error_with_the_next_step(tmp_path: Path) -> None:
    config = quiet_config(tmp_path / "data")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        config.write_text(config.read_text().replace("ocpp: {port: ", f"ocpp: {{port: {port}, bind: 127.0.0.1}} #"))
        ended = run("run", "--data", str(tmp_path / "data"))
    assert ended.returncode == 1
    assert f"port {port} on 127.0.0.1 is used by another program" in ended.stderr
    assert "set another ocpp.port" in ended.stderr


def test_the_shipped_configuration_is_copied_once(tmp_path: Path) -> None:
    with started(("run", "--config", str(quiet_config(tmp_path / "data"))), tmp_path / "elsewhere", "device.adopt"):
        pass
    assert not (tmp_path / "elsewhere" / "config.yaml").exists()  # --config was given: nothing is copied


def test_commands_without_a_hub_cannot_reach_one(tmp_path: Path) -> None:
    ended = run("status", "--data", str(tmp_path))
    assert ended.returncode == 3
    assert "start it with 'evhub run'" in ended.stderr
    by_json = run("order", "--json", "--data", str(tmp_path), "device.list")
    assert (by_json.returncode, json.loads(by_json.stdout)["error"]["code"]) == (3, "unreachable")


@pytest.mark.parametrize("words", [("--version",), ("check-config", "--config", "config.yaml"), ("status", "--json")])
def test_an_output_that_takes_no_more_is_a_problem_and_no_traceback(words: tuple[str, ...], tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            [EVHUB, *words], stdout=full, stderr=subprocess.PIPE, text=True, cwd=tmp_path, check=False
        )
    assert (ended.returncode, ended.stderr) == (1, "evhub: the output takes no more: No space left on device\n")


@pytest.mark.parametrize("words", [("order",), ("order", "charger.stop", "bay-1"), ("demo", "--speed", "x"), ("fly",)])
def test_wrong_use_is_exit_2(words: tuple[str, ...]) -> None:
    assert run(*words).returncode == 2


def test_a_wrong_configuration_is_told_in_full(tmp_path: Path) -> None:
    wrong = tmp_path / "config.yaml"
    wrong.write_text("site: {name: T}\ngrid:\n  limit_a: many\ncircuits:\n  garage:\n    limit: 5\n")
    ended = run("check-config", "--config", str(wrong))
    assert ended.returncode == 1
    assert "config.yaml:3" in ended.stdout
    assert "config.yaml:6" in ended.stdout
