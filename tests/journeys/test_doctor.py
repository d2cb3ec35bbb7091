"""`evhub doctor` with a hub and without one, as a person runs it."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from tests.journeys.hub import run, started
from tests.journeys.test_run import quiet_config

pytestmark = pytest.mark.timeout(90)


def test_before_the_first_start(tmp_path: Path) -> None:
    ended = run("doctor", "--data", str(tmp_path / "data"))
    assert ended.returncode == 0
    assert "evhub run" in ended.stdout
    assert not (tmp_path / "data").exists()  # it only looks


def test_a_hub_that_runs_and_one_that_has_stopped(tmp_path: Path) -> None:
    config = quiet_config(tmp_path / "data")
    config.write_text(
        config.read_text()
        + "chargers: {bay-1: {integration: ocpp, station: CP-1}}\n"
        + "operators: {acme: {url: 'mqtt://127.0.0.1:1', username: u, password: acme-mqtt-pass}}\n"
    )
    with started(("run",), tmp_path / "data", "ws://") as hub:
        hub.wait_for(lambda status: bool(status["hub"]), within_s=10)
        token = json.loads(hub.cli("token", "create", "prober", "--role", "viewer", "--json").stdout)["result"]["token"]
        ended = hub.cli("doctor", "--json", "--bundle", str(tmp_path / "out.zip"))
        document = json.loads(ended.stdout)
        looks = {look["name"]: look for look in document["looks"]}
        assert (ended.returncode, document["ok"]) == (1, False)
        assert looks["bay-1"]["grade"] == "problem"
        assert (looks["database"]["grade"], looks["ports"]["grade"]) == ("ok", "ok")
        assert looks["operator acme"]["grade"] == "hint"
        with zipfile.ZipFile(tmp_path / "out.zip") as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        assert {"about.json", "doctor.json", "config.json", "status.json", "log.jsonl"} <= files.keys()
        assert b"balancing starts" in files["log.jsonl"]
        for secret in (b"acme-mqtt-pass", token.encode(), b"$argon2"):
            assert not any(secret in content for content in files.values())
        assert run("backup", "--data", str(hub.data), str(tmp_path / "b.tar.gz")).returncode == 0
        again = hub.cli("doctor", "--quick", "--bundle", str(tmp_path / "out.zip"))
        assert (again.returncode, "is there already" in again.stderr) == (1, True)
    ended = run("doctor", "--data", str(tmp_path / "data"))
    assert "✓ backup" in ended.stdout
    assert "! hub" in ended.stdout


def test_a_port_that_is_taken_and_a_file_with_an_error(tmp_path: Path) -> None:
    config = quiet_config(tmp_path / "data")
    with started(("run",), tmp_path / "data", "device.adopt"):
        other = quiet_config(tmp_path / "other")
        other.write_text(config.read_text())
        ended = run("doctor", "--data", str(tmp_path / "other"))
        assert (ended.returncode, "another program has it" in ended.stdout) == (1, True)
    config.write_text("grid: {limit_a: much}\n")
    ended = run("doctor", "--data", str(tmp_path / "data"))
    assert ended.returncode == 1
    assert "grid.limit_a" in ended.stdout
