"""The hub's own broker: started, adopted, restarted and ended, as mosquitto and as amqtt."""

import asyncio
import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hub.core.mqtt_link.client import Pauses
from hub.core.mqtt_link.link import answers
from hub.core.mqtt_link.server import Server
from hub.model.errors import BadConfig, PortInUse
from hub.mqtt.broker import check_free, client_name, credentials
from hub.mqtt.config import MqttConfig
from tests.conftest import unused_port
from tests.hub.mqtt.conftest import SmallHub, running
from tests.observer import Observe, Observer, until

REPOSITORY = Path(__file__).parents[3]
BOTH = [pytest.param("mosquitto", marks=pytest.mark.needs_mosquitto), "amqtt"]


@pytest.fixture(params=BOTH)
def program(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Which broker the hub finds: with an empty PATH it has to take amqtt."""
    if request.param == "amqtt":
        monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    return str(request.param)


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data folder, with a space in its name; a broker that a test leaves behind is ended."""
    folder = tmp_path / "my data"
    yield folder
    pid = pid_in(folder)
    if pid is not None:
        os.kill(pid, signal.SIGKILL)


def pid_in(data: Path) -> int | None:
    """The living broker of this data folder."""
    try:
        pid = int((data / "mqtt" / "broker.pid").read_text())
        return pid if str(data) in Path(f"/proc/{pid}/cmdline").read_text() else None
    except (FileNotFoundError, ProcessLookupError, ValueError):
        return None


def password(data: Path, user: str = "site") -> str:
    return str(json.loads((data / "mqtt" / "credentials.json").read_text())[user])


@asynccontextmanager
async def watched(observe: Observe, data: Path, port: int, **more: object) -> AsyncIterator[tuple[SmallHub, Observer]]:
    """A hub with its own broker, and somebody who is logged in there as `site`."""
    async with running(MqttConfig.model_validate({"port": port, **more}), data) as hub:
        observer = await observe(port, "site", password(data))
        await observer.text("evhub/status", b"online")
        yield hub, observer


async def test_the_contract_over_a_broker_of_our_own(
    program: str, data: Path, observe: Observe, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    port = unused_port()
    async with watched(observe, data, port) as (hub, observer):
        assert len(observer.latest()) == 9
        observer.order("charger.set_limit", {"id": "a1", "args": {"charger": "bay-1", "limit_a": 8}})
        assert (await observer.json("evhub/reply/a1"))["ok"]
        observer.publish("theirs/state", "kept", retain=True)
        await observer.text("theirs/state", b"kept")
        later = await observe(port, "site", password(data))
        await until(lambda: len(later.latest()) == 10, "everything that is retained")
        assert hub.mqtt.where.startswith(f"mqtt://127.0.0.1:{port}, topics evhub/#, user site, password in ")
    assert password(data) not in caplog.text
    assert password(data, "hub") not in caplog.text
    assert ("amqtt serves as the broker: slower" in caplog.text) == (program == "amqtt")


def packet(kind: int, body: bytes) -> bytes:
    assert len(body) < 128  # one byte of length
    return bytes([kind, len(body)]) + body


def text(value: str) -> bytes:
    return len(value).to_bytes(2, "big") + value.encode()


async def passer_by(port: int, name: str, topic: str, payload: str) -> bytes:
    """A client that says one thing by QoS 0 and goes at once, as mosquitto_pub does; gives what it was sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(packet(0x10, text("MQTT") + bytes([4, 2, 0, 60]) + text(name)))
    assert await reader.readexactly(4) == bytes([0x20, 2, 0, 0])  # CONNACK: accepted
    writer.write(packet(0x30, text(topic) + payload.encode()) + packet(0xE0, b""))
    writer.write_eof()
    sent = await reader.read()
    writer.close()
    await writer.wait_closed()
    return sent


async def test_who_says_one_thing_and_goes_is_heard_and_is_sent_nothing(program: str, data: Path) -> None:
    port = unused_port()
    async with running(MqttConfig.model_validate({"port": port, "anonymous": True}), data) as hub:
        watcher = Observer(port)
        await watcher.start()
        await watcher.text("evhub/status", b"online")
        for n in range(10):
            assert await passer_by(port, f"passer-by-{n}", "evhub/charger/bay-1/set/allow", "ON") == b""
        await until(lambda: len(hub.done) == 10, "all ten orders")
        watcher.stop()


async def test_strangers_stay_outside(program: str, data: Path, observe: Observe) -> None:
    port = unused_port()
    async with watched(observe, data, port):
        assert await answers(Server("127.0.0.1", port, "site", password(data)))
        assert not await answers(Server("127.0.0.1", port))
        assert not await answers(Server("127.0.0.1", port, "site", "wrong"))
        assert not await answers(Server("127.0.0.1", port, "root", password(data)))
    for name in ("credentials.json", "passwords", "client.json"):
        assert (data / "mqtt" / name).stat().st_mode & 0o777 == 0o600
    assert (data / "mqtt").stat().st_mode & 0o777 == 0o700
    assert password(data) not in (data / "mqtt" / "passwords").read_text()


async def test_a_clean_stop_says_offline_then_ends_it(program: str, data: Path, observe: Observe) -> None:
    async with watched(observe, data, unused_port()) as (_, observer):
        pid = pid_in(data)
        assert pid is not None
        assert os.getsid(pid) == pid  # no Ctrl-C of the hub's terminal reaches it
    await observer.text("evhub/status", b"offline")
    assert pid_in(data) is None
    assert not Path(f"/proc/{pid}").exists()


async def test_a_broker_killed_and_wiped_has_everything_again(
    program: str, data: Path, observe: Observe, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("hub.mqtt.service.PAUSES", Pauses(longest_s=0.2))
    port = unused_port()
    async with watched(observe, data, port) as (_, before):
        first = pid_in(data)
        assert first is not None
        os.kill(first, signal.SIGKILL)
        (data / "mqtt" / "mosquitto.db").unlink(missing_ok=True)
        await until(lambda: pid_in(data) not in (None, first), "another broker")
        await until_answers(port, data)
        after = await observe(port, "site", password(data))
        await after.text("evhub/status", b"online")
        assert after.latest().keys() == before.latest().keys()
    assert caplog.text.count("does not run; starting it again") == 1


async def until_answers(port: int, data: Path) -> None:
    async with asyncio.timeout(10):
        while not await answers(Server("127.0.0.1", port, "site", password(data))):
            await asyncio.sleep(0.05)


def start_small_hub(data: Path, port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.hub.mqtt.small_hub", str(data), str(port)]
    return subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.DEVNULL)


async def test_a_killed_hub_leaves_its_will_and_its_broker_to_the_next(
    program: str, data: Path, observe: Observe
) -> None:
    port = unused_port()
    hub = start_small_hub(data, port)
    try:
        await until(lambda: pid_in(data) is not None, "the broker")
        await until_answers(port, data)
        observer = await observe(port, "site", password(data))
        await observer.text("evhub/status", b"online")
        survivor = pid_in(data)
    finally:
        hub.kill()
        hub.wait()
    await observer.text("evhub/status", b"offline")
    assert pid_in(data) == survivor
    observer.publish("theirs/state", "kept", retain=True)
    async with watched(observe, data, port) as (_, later):
        assert pid_in(data) == survivor  # adopted
        assert later.latest()["theirs/state"] == b"kept"
        await observer.text("evhub/status", b"online")
    assert pid_in(data) is None  # and ended by the clean stop, though it was never our child


async def test_a_survivor_with_other_settings_is_ended(program: str, data: Path, observe: Observe) -> None:
    port, other = unused_port(), unused_port()
    hub = start_small_hub(data, port)
    try:
        await until(lambda: pid_in(data) is not None, "the broker")
        await until_answers(port, data)
    finally:
        hub.kill()
        hub.wait()
    survivor = pid_in(data)
    async with watched(observe, data, other):
        assert pid_in(data) not in (None, survivor)
        assert not await answers(Server("127.0.0.1", port, "site", password(data)))


async def test_a_pid_file_of_somebody_else_harms_nobody(program: str, data: Path, observe: Observe) -> None:
    bystander = subprocess.Popen(["/bin/sleep", "60"])
    (data / "mqtt").mkdir(parents=True)
    (data / "mqtt" / "broker.pid").write_text(f"{bystander.pid}\n")
    try:
        async with watched(observe, data, unused_port()):
            assert pid_in(data) not in (None, bystander.pid)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


async def test_a_port_in_use_stops_the_start_with_the_next_step(program: str, data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortInUse, match=f"port {port} on 127.0.0.1 is used by another program") as refused:
            async with running(MqttConfig(port=port), data):
                pass
    assert "mqtt.port" in refused.value.next
    assert "mqtt.broker: mqtt://" in refused.value.next
    assert pid_in(data) is None


async def test_the_demos_broker_asks_for_no_password(program: str, data: Path, observe: Observe) -> None:
    port = unused_port()
    async with running(MqttConfig(port=port, anonymous=True), data) as hub:
        observer = await observe(port)
        await observer.text("evhub/status", b"online")
        assert hub.mqtt.where == f"mqtt://127.0.0.1:{port}, topics evhub/#"
    assert not (data / "mqtt" / "passwords").exists()


async def test_the_hub_runs_on_without_a_broker_and_keeps_trying(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A mosquitto that ends at once, until somebody repairs it."""
    broken = tmp_path / "bin" / "mosquitto"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho library not found >&2\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{broken.parent}:/bin:/usr/bin")
    monkeypatch.setattr("hub.mqtt.broker.LOOK_EVERY_S", 0.02)
    async with running(MqttConfig(port=unused_port()), data) as hub:
        await until(lambda: "does not run; starting it again" in caplog.text, "another try")
        assert not hub.mqtt.connected
    assert "mosquitto ended at once: library not found" in caplog.text


def test_credentials_are_made_once(tmp_path: Path) -> None:
    first = credentials(tmp_path)
    assert first.keys() == {"hub", "site"}
    assert len(set(first.values())) == 2
    assert min(len(word) for word in first.values()) >= 32
    assert credentials(tmp_path) == first
    shutil.copy(tmp_path / "credentials.json", tmp_path / "copy")
    (tmp_path / "credentials.json").write_text("{}")
    assert credentials(tmp_path) != first


def test_the_client_id_stays_and_every_broker_takes_it(tmp_path: Path) -> None:
    name = client_name(tmp_path)
    assert client_name(tmp_path) == name
    assert name.isalnum()
    assert len(name) <= 23


def test_an_address_that_is_not_ours() -> None:
    with pytest.raises(BadConfig, match=r"cannot listen on 192\.0\.2\.1") as refused:
        check_free("192.0.2.1", 18830)
    assert "mqtt.bind" in refused.value.next
