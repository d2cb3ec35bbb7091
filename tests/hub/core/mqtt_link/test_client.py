"""The connection itself, against a real broker."""

import asyncio
import socket
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from hub.core.mqtt_link.client import Client, Pauses
from hub.core.mqtt_link.link import Link, answers
from hub.core.mqtt_link.outbox import Message
from hub.core.mqtt_link.server import Server
from hub.model.errors import Unreachable
from tests.conftest import Mosquitto, mosquitto_in, unused_port
from tests.observer import Observe, until

# Made for these tests alone, by openssl req -x509, with a hundred years to live: the broker's has subjectAltName
# IP:127.0.0.1, the hub's is called hub-1.
TLS = Path(__file__).parents[3] / "tls"
SHORT = Pauses(longest_s=0.2)
WILL = Message("me/status", b"offline", retain=True, qos=1)


@asynccontextmanager
async def client_at(port: int, pauses: Pauses = SHORT) -> AsyncIterator[Client]:
    client = Client(Server("127.0.0.1", port), WILL, name="me", pauses=pauses)
    client.on_connected(lambda: client.publish("me/status", "online", retain=True, qos=1))
    client.start()
    try:
        yield client
    finally:
        await client.stop()


@pytest.mark.parametrize(
    ("pauses", "ceilings"),
    [
        (Pauses(), {1: 1, 2: 2, 3: 4, 6: 32, 7: 60, 1000: 60}),
        (Pauses(first_s=2.0, longest_s=300.0), {1: 2, 2: 4, 8: 256, 9: 300}),
    ],
)
def test_pauses_grow_with_full_jitter(pauses: Pauses, ceilings: dict[int, int]) -> None:
    for attempt, ceiling in ceilings.items():
        found = [pauses.pause_s(attempt) for _ in range(300)]
        assert 0.1 <= min(found) <= ceiling * 0.2
        assert ceiling * 0.8 <= max(found) <= ceiling


async def test_what_is_said_before_the_connection_arrives(mosquitto: Mosquitto, observe: Observe) -> None:
    observer = await observe(mosquitto.port)
    client = Client(Server("127.0.0.1", mosquitto.port), WILL, name="me")
    for number in range(3):
        client.publish("me/state", f"{number}", retain=True)
        client.publish("me/event", f"{number}", qos=1)
    client.start()
    await observer.text("me/state", b"2")
    await until(lambda: len(observer.payloads("me/event")) == 3)
    await client.stop()
    assert observer.payloads("me/event") == [b"0", b"1", b"2"]
    assert observer.payloads("me/state") == [b"2"]  # conflated while it waited


@pytest.mark.needs_mosquitto
async def test_it_says_when_a_connection_came_and_went_and_why_there_is_none(tmp_path: Path) -> None:
    port, told = unused_port(), []
    client = Client(Server("127.0.0.1", port), None, name="me", pauses=SHORT)
    client.on_connected(lambda: told.append("came"))
    client.on_disconnected(lambda: told.append(f"went: {client.trouble}"))
    assert client.trouble is None
    client.start()
    await until(lambda: told[:1] == ["went: Connection refused"])
    for _ in range(2):
        told.clear()
        with mosquitto_in(tmp_path / "broker", port) as broker:
            assert broker is not None
            await until(lambda: told[-1:] == ["came"])
            assert client.trouble is None
        await until(lambda: told[-1:] != ["came"])
        assert client.trouble is not None
    await client.stop()


async def test_it_says_offline_itself_when_it_stops(mosquitto: Mosquitto, observe: Observe) -> None:
    observer = await observe(mosquitto.port)
    async with client_at(mosquitto.port):
        await observer.text("me/status", b"online")
    await observer.text("me/status", b"offline")
    assert observer.payloads("me/status") == [b"online", b"offline"]


async def test_thousands_of_messages_arrive_in_order(mosquitto: Mosquitto, observe: Observe) -> None:
    observer = await observe(mosquitto.port)
    async with client_at(mosquitto.port) as client:
        await until(lambda: client.connected)
        for number in range(900):
            client.publish("me/plain", str(number))
        await until(lambda: len(observer.payloads("me/plain")) == 900)
        for number in range(900):
            client.publish("me/sure", str(number), qos=1)
        await until(lambda: len(observer.payloads("me/sure")) == 900)
    assert observer.payloads("me/plain") == observer.payloads("me/sure") == [str(n).encode() for n in range(900)]


@asynccontextmanager
async def plain_broker(port: int) -> AsyncIterator[None]:
    """A mosquitto on loopback that is killed at the end, with everything it had."""
    broker = subprocess.Popen(["mosquitto", "-p", str(port)], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not await answers(Server("127.0.0.1", port)):
            await asyncio.sleep(0.02)
        yield
    finally:
        broker.kill()
        broker.wait()


@pytest.mark.needs_mosquitto
async def test_subscriptions_come_back_with_the_connection(observe: Observe) -> None:
    heard: list[Message] = []
    greetings: list[str] = []
    port = unused_port()
    async with client_at(port) as client:
        client.subscribe("to/me/+", heard.append)
        client.on_connected(lambda: greetings.append("hello"))
        for number in (1, 2):
            async with plain_broker(port):
                await until(lambda wanted=number: len(greetings) == wanted, "a connection")  # type: ignore[misc]
                observer = await observe(port)
                await observer.text("me/status", b"online")
                observer.publish("to/me/now", str(number))
                await until(lambda wanted=number: len(heard) == wanted, "the message")  # type: ignore[misc]
            await until(lambda: not client.connected)
    assert [message.payload for message in heard] == [b"1", b"2"]


async def test_nothing_is_heard_after_unsubscribing(mosquitto: Mosquitto, observe: Observe) -> None:
    heard: list[Message] = []
    observer = await observe(mosquitto.port)
    async with client_at(mosquitto.port) as client:
        subscription = client.subscribe("to/me", heard.append)
        await observer.text("me/status", b"online")
        observer.publish("to/me", "1")
        await until(lambda: len(heard) == 1)
        client.unsubscribe(subscription)
        client.subscribe("to/him", heard.append)
        client.publish("me/status", "renewed")
        await observer.text("me/status", b"renewed")
        observer.publish("to/me", "2")
        observer.publish("to/him", "3")
        await until(lambda: len(heard) == 2)
    assert [message.topic for message in heard] == ["to/me", "to/him"]


Play = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def played(port: int, play: Play) -> AsyncIterator[None]:
    """A listener that behaves like no proper broker; its connections are over when this ends."""
    at_work: set[asyncio.Task[None] | None] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        at_work.add(asyncio.current_task())
        try:
            await reader.read(1000)  # CONNECT
            await play(reader, writer)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
            at_work.discard(asyncio.current_task())

    async with await asyncio.start_server(accept, "127.0.0.1", port):
        yield
        await until(lambda: not at_work, "the end of all connections")


async def acknowledge_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x20\x02\x00\x00")  # CONNACK: accepted
    read = b""
    while b"me/event" not in read or b"me/state" not in read:
        read += await reader.read(1000)


@pytest.mark.needs_mosquitto
async def test_an_event_is_said_again_but_state_is_never_turned_back(observe: Observe) -> None:
    port = unused_port()
    async with client_at(port) as client:
        async with played(port, acknowledge_nothing):
            await until(lambda: client.connected)
            client.publish("me/state", "old", retain=True, qos=1)
            client.publish("me/event", "once", qos=1)
            await until(lambda: not client.connected)
        client.publish("me/state", "new", retain=True, qos=1)
        async with plain_broker(port):
            observer = await observe(port)
            await observer.text("me/state", b"new")
            await observer.text("me/event", b"once")
            assert observer.payloads("me/state") == [b"new"]


async def test_offline_it_never_raises_and_drops_the_oldest_once_said(caplog: pytest.LogCaptureFixture) -> None:
    async with client_at(unused_port()) as client:
        for number in range(1100):
            client.publish("me/event", str(number))
        assert not client.connected
    assert caplog.text.count("the oldest are dropped") == 1


class Counted(Pauses):
    """Short pauses that remember which attempt they were asked for."""

    asked: ClassVar[list[int]] = []

    def pause_s(self, attempt: int) -> float:
        self.asked.append(attempt)
        return 0.01


async def test_an_outage_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    Counted.asked.clear()
    async with client_at(unused_port(), Counted()):
        await until(lambda: len(Counted.asked) >= 5)
    assert Counted.asked[:5] == [1, 2, 3, 4, 5]
    assert caplog.text.count("no connection to the broker") == 1
    assert "Connection refused" in caplog.text


@pytest.mark.needs_mosquitto
async def test_a_connection_that_stood_counts_as_a_good_one() -> None:
    port = unused_port()
    Counted.asked.clear()
    async with client_at(port, Counted(stable_after_s=0.0)) as client:
        for _ in range(2):
            async with plain_broker(port):
                await until(lambda: client.connected)
            Counted.asked.clear()
            await until(lambda: bool(Counted.asked))
            assert Counted.asked[0] == 1


async def test_a_delivered_message_is_at_the_broker(mosquitto: Mosquitto, observe: Observe) -> None:
    observer = await observe(mosquitto.port)
    async with client_at(mosquitto.port) as client:
        await until(lambda: client.connected)
        await asyncio.gather(*(client.deliver("me/up", str(n).encode()) for n in range(100)))
        await client.deliver("me/kept", b"last", retain=True)
    await observer.text("me/kept", b"last")
    assert observer.payloads("me/up") == [str(n).encode() for n in range(100)]


async def test_what_was_not_acknowledged_is_said_to_the_caller_and_not_sent_again() -> None:
    port = unused_port()
    async with client_at(port) as client:
        with pytest.raises(Unreachable, match="no connection"):
            await client.deliver("me/event", b"1")
        async with played(port, acknowledge_nothing):
            await until(lambda: client.connected)
            under_way = asyncio.gather(
                client.deliver("me/event", b"1"), client.deliver("me/state", b"2"), return_exceptions=True
            )
            assert [type(failed) for failed in await under_way] == [Unreachable, Unreachable]
        waiting = [client._outbox.take().topic for _ in range(len(client._outbox))]
        assert waiting == ["me/status"]


async def test_a_link_that_is_not_open_takes_nothing() -> None:
    assert not Link(Server("127.0.0.1", unused_port()), "me").send(Message("a", b"b", qos=1))


async def test_both_ends_send_at_once(mosquitto: Mosquitto, observe: Observe) -> None:
    observer = await observe(mosquitto.port)
    async with client_at(mosquitto.port) as client:
        client.subscribe("ping", lambda message: client.publish("pong", message.payload, qos=1))
        await observer.text("me/status", b"online")
        for number in range(5):
            observer.publish("ping", str(number))
            await observer.text("pong", str(number).encode())
        assert nodelay_of(client)


def nodelay_of(client: Client) -> bool:
    link = client._link
    assert link is not None
    assert link._watched is not None
    return bool(link._watched.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))


async def test_a_wrong_password_is_said_in_words() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x20\x02\x00\x05")  # CONNACK: not authorized
        await reader.read(1000)

    port = unused_port()
    async with played(port, refuse):
        link = Link(Server("127.0.0.1", port, "hub", "wrong"), "me")
        with pytest.raises(Unreachable, match="Not authorized"):
            await link.open()


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x20\x01\x00", b"\x30" + b"\xff" * 9, b""])
async def test_what_is_no_broker_is_not_taken_for_one(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await reader.read(1000)

    monkeypatch.setattr("hub.core.mqtt_link.link.CONNECT_DEADLINE_S", 0.2)
    port = unused_port()
    async with played(port, babble):
        assert not await answers(Server("127.0.0.1", port))


async def test_a_broker_that_hears_but_does_not_listen_is_left(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """amqtt 0.12 could leave a connection half dead: accepted, but its SUBSCRIBE never answered."""

    async def accept_only(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x20\x02\x00\x00")
        while await reader.read(1000):
            continue

    monkeypatch.setattr("hub.core.mqtt_link.link.CONNECT_DEADLINE_S", 0.2)
    port = unused_port()
    async with played(port, accept_only):
        client = Client(Server("127.0.0.1", port), WILL, name="me")
        client.subscribe("to/me", lambda message: None)
        client.start()
        await until(lambda: "it does not answer our subscriptions" in caplog.text)
        await client.stop()


async def test_a_refused_subscription_is_said(caplog: pytest.LogCaptureFixture) -> None:
    async def refuse_the_second(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x20\x02\x00\x00")
        asked = await reader.read(1000)
        writer.write(b"\x90\x04" + asked[2:4] + b"\x01\x80")  # SUBACK: QoS 1, failure
        await reader.read(1000)

    port = unused_port()
    async with played(port, refuse_the_second):
        client = Client(Server("127.0.0.1", port), WILL, name="me")
        client.subscribe("to/me", lambda message: None)
        client.subscribe("to/him", lambda message: None)
        client.start()
        await until(lambda: "the broker does not let us hear to/him" in caplog.text)
        await client.stop()
    assert "hear to/me" not in caplog.text


async def test_stopping_while_it_dials_leaves_no_socket() -> None:
    """A listener whose queue is never served: TCP connects, nobody answers."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        client = Client(Server("127.0.0.1", silent.getsockname()[1]), WILL, name="me")
        client.start()
        for _ in range(3):
            await asyncio.sleep(0)
        await client.stop()
        client.start()
        await asyncio.sleep(0.1)
        await client.stop()


@asynccontextmanager
async def tls_broker(folder: Path, ours: Server, *more: str) -> AsyncIterator[None]:
    """A mosquitto that speaks only TLS, and answers us."""
    settings = [f"listener {ours.port} 127.0.0.1", f"certfile {TLS / 'broker.pem'}", f"keyfile {TLS / 'broker.key'}"]
    (folder / "conf").write_text("\n".join([*settings, *more, "allow_anonymous true", "user root"]) + "\n")
    broker = subprocess.Popen(["mosquitto", "-c", str(folder / "conf")], stderr=subprocess.DEVNULL)
    try:
        while not await answers(ours):
            await asyncio.sleep(0.02)
        yield
    finally:
        broker.terminate()
        broker.wait()


@pytest.mark.needs_mosquitto
async def test_tls_with_an_authority_of_ones_own(tmp_path: Path) -> None:
    """Many packets arrive in one TLS record: what is decrypted already makes no socket readable."""
    server = Server("127.0.0.1", unused_port(), tls=True, ca=TLS / "broker.pem")
    async with tls_broker(tmp_path, server):
        heard: list[bytes] = []
        client = Client(server, WILL, name="me")
        client.subscribe("echo", lambda message: heard.append(message.payload))
        client.start()
        await until(lambda: client.connected)
        for number in range(500):
            client.publish("echo", f"{number:0200d}")
        await until(lambda: len(heard) == 500)
        await client.stop()
        assert not await answers(replace(server, ca=None))  # signed by nobody we know
        assert not await answers(replace(server, host="localhost"))  # its certificate has another name


@pytest.mark.needs_mosquitto
async def test_a_certificate_of_our_own_opens_the_door(tmp_path: Path) -> None:
    server = Server("127.0.0.1", unused_port(), tls=True, ca=TLS / "broker.pem")
    known = replace(server, certificate=TLS / "hub.pem", key=TLS / "hub.key")
    (tmp_path / "acl").write_text("user hub-1\ntopic readwrite up/hub-1/#\n")
    identity = [f"cafile {TLS / 'hub.pem'}", "require_certificate true", "use_identity_as_username true"]
    async with tls_broker(tmp_path, known, *identity, f"acl_file {tmp_path / 'acl'}"):
        client = Client(known, None, name="hub-1")
        heard: list[bytes] = []
        client.subscribe("up/hub-1/#", lambda message: heard.append(message.payload), qos=0)
        client.start()
        await until(lambda: client.connected)
        await client.deliver("up/hub-1/facts", b"one")
        await until(lambda: heard == [b"one"])
        await client.stop()
        assert not await answers(server)
        assert not await answers(replace(known, certificate=TLS / "broker.pem", key=TLS / "broker.key"))
        with pytest.raises(Unreachable, match="No such file"):
            await Link(replace(known, key=TLS / "lost.key"), "me").open()
