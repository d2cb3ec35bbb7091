"""`evhub logs` on a hub that runs: what it wrote, and what it writes."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.journeys.hub import EVHUB, run, started
from tests.journeys.test_run import quiet_config

pytestmark = pytest.mark.timeout(90)


def test_the_log_of_a_running_hub(tmp_path: Path) -> None:
    quiet_config(tmp_path / "data")
    with started(("run",), tmp_path / "data", "device.adopt") as hub:
        assert "balancing runs: everybody was heard" in hub.cli("logs", "--room", "balance").stdout
        assert hub.cli("logs", "--room", "balance", "--level", "error").stdout == ""
        hub.cli("order", "charger.allow", "charger=nobody", "allow=true")
        command = [EVHUB, "logs", "--follow", "--json", "--room", "audit", "-n", "1", "--data", str(hub.data)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as following:
            assert following.stdout is not None
            assert "allow" in json.loads(following.stdout.readline())["text"]
            hub.cli("order", "charger.set_limit", "charger=nobody", "limit_a=10")
            line = json.loads(following.stdout.readline())
            following.send_signal(signal.SIGINT)
            assert following.wait(timeout=20) == 0
        assert (line["level"], line["room"], "set_limit" in line["text"]) == ("info", "audit", True)
        [last] = hub.cli("logs", "--json", "--room", "audit", "--lines", "1").stdout.splitlines()
        assert json.loads(last) == line
        assert hub.cli("logs", "--level", "loud").returncode == 2


def test_without_a_hub_there_is_no_log(tmp_path: Path) -> None:
    ended = run("logs", "--data", str(tmp_path))
    assert ended.returncode == 3
    assert "no evhub answers" in ended.stderr
