"""The bundle has what helps, and no secret in any way of writing it."""

from __future__ import annotations

import json
import stat
import zipfile
from pathlib import Path

import pytest

from hub.cli import bundle
from hub.config.load import load
from hub.core.keep import Keep
from hub.model.errors import Refused

SECRETS = ["hunter2/@x", "pg-secret", "acme-token-1", "acme-mqtt-pass", "ev-pass", "site-word", "hub-word"]
CONFIG = """
site: {name: Garage}
grid: {limit_a: 25}
store: {url: "postgresql+psycopg://evhub:pg-secret@127.0.0.1/evhub"}
mqtt: {broker: "mqtt://evhub:hunter2%2F%40x@192.168.1.2:1883"}  # it was hunter2/@x before, too
operators:
  acme:
    url: mqtts://ingest.operator.example:8883
    username: garage
    password: acme-mqtt-pass
    fallback_url: https://ingest.operator.example/v1
    token: acme-token-1
chargers:
  bay-1: {integration: openevse, host: 192.168.1.9, password: ev-pass}
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "config.yaml").write_text(CONFIG)
    Keep(tmp_path / "mqtt").save("credentials", {"hub": "hub-word", "site": "site-word"})
    (tmp_path / "mqtt" / "mosquitto.log").write_text("client site with site-word refused")
    return tmp_path


def contents(data: Path) -> bundle.Contents:
    said = [*SECRETS, "hunter2%2F%40x", "evhub_abcdefghijklmnopqrstuvwxyz", "$argon2id$v=19$m=1,t=2,p=1$c2FsdA$aGFzaA"]
    lines = [{"text": f"who said {word} here"} for word in said]
    lines += [
        {"text": "connected to mqtt://u:elsewhere-pass@10.0.0.2"},
        {"text": "charger.start {'token': '04A2B3C4'}"},
    ]
    lines += [{"text": "Authorization: Bearer abc.def-ghi"}]
    log = "".join(json.dumps(line) + "\n" for line in lines)
    status = {"chargers": {"bay-1": {"session": {"token": "04A2B3C4"}, "name": "ev-pass"}}}
    return bundle.Contents({"ok": True}, load(data / "config.yaml"), status, log)


def test_no_secret_is_in_it(data: Path) -> None:
    names = bundle.write(data / "out.zip", data, contents(data))
    assert names == ["about.json", "doctor.json", "config.json", "status.json", "log.jsonl", "mqtt/mosquitto.log"]
    with zipfile.ZipFile(data / "out.zip") as archive:
        text = "\n".join(archive.read(name).decode() for name in names)
        config = json.loads(archive.read("config.json"))
        log = [json.loads(line) for line in archive.read("log.jsonl").decode().splitlines()]
        status = json.loads(archive.read("status.json"))
    told = [*SECRETS, "hunter2", "evhub_abc", "argon2id", "elsewhere-pass", "04A2B3C4", "abc.def", "before, too"]
    assert [word for word in told if word in text] == []
    assert (config["site"]["name"], config["grid"]["limit_a"]["l1"]) == ("Garage", 25.0)
    assert config["chargers"]["bay-1"]["host"] == "192.168.1.9"
    assert (log[0]["text"], status["chargers"]["bay-1"]["session"]["token"]) == (
        f"who said {bundle.MASK} here",
        bundle.MASK,
    )


def test_it_is_for_its_owner_and_overwrites_nothing(data: Path) -> None:
    bundle.write(data / "out.zip", data, contents(data))
    assert stat.S_IMODE((data / "out.zip").stat().st_mode) == 0o600
    with pytest.raises(Refused, match="is there already"):
        bundle.write(data / "out.zip", data, contents(data))
    with pytest.raises(Refused, match="cannot be written"):
        bundle.write(data / "nowhere" / "out.zip", data, contents(data))


def test_of_a_file_with_an_error_nothing_is_shown(data: Path) -> None:
    nothing = bundle.Contents({"ok": False}, None, None, None)
    assert bundle.write(data / "out.zip", data, nothing) == ["about.json", "doctor.json", "mqtt/mosquitto.log"]
