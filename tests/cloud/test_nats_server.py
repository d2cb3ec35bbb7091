"""The settings of the broker: each hub on its own topics only, by password or by certificate."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nats
import paho.mqtt.client as paho
import pytest
from click.testing import CliRunner
from paho.mqtt.enums import CallbackAPIVersion

from cloud.nats_server import Tls, main
from tests.cloud.waiting import wait_until
from tests.servers import Nats, nats_in

# The broker's certificate is for 127.0.0.1, the hub's common name is hub-1; each has signed itself.
CERTIFICATES = Path(__file__).parents[1] / "tls"
TLS = Tls(CERTIFICATES / "broker.pem", CERTIFICATES / "broker.key", CERTIFICATES / "hub.pem")


@pytest.fixture
def by_password(tmp_path: Path) -> Iterator[Nats]:
    server = nats_in(tmp_path / "nats", {"hub-1": "pw-1", "hub-2": "pw-2"})
    server.program.start()
    yield server
    server.program.stop()


@pytest.fixture
def by_certificate(tmp_path: Path) -> Iterator[Nats]:
    server = nats_in(tmp_path / "nats", {"hub-1": None, "hub-2": None}, TLS)
    server.program.start()
    yield server
    server.program.stop()


class Client:
    """An MQTT client that notes what the server says to it."""

    def __init__(self) -> None:
        self.accepted: list[bool] = []
        self.subscribed: list[bool] = []
        self.paho = paho.Client(CallbackAPIVersion.VERSION2, client_id="x", protocol=paho.MQTTv311)
        self.paho.on_connect = lambda c, u, f, reason, p: self.accepted.append(not reason.is_failure)
        self.paho.on_subscribe = lambda c, u, m, reasons, p: self.subscribed.extend(not r.is_failure for r in reasons)

    @contextmanager
    def at(self, server: Nats) -> Iterator[None]:
        self.paho.connect("127.0.0.1", server.mqtt_port)
        self.paho.loop_start()
        try:
            wait_until(lambda: bool(self.accepted))
            yield
        finally:
            self.paho.disconnect()
            self.paho.loop_stop()


def test_a_wrong_password_is_refused(by_password: Nats) -> None:
    client = Client()
    client.paho.username_pw_set("hub-1", "pw-2")
    with client.at(by_password):
        assert client.accepted[0] is False


@pytest.mark.parametrize("kind", ["password", "certificate"])
def test_a_hub_hears_and_speaks_on_its_own_topics_only(kind: str, request: pytest.FixtureRequest) -> None:
    server: Nats = request.getfixturevalue(f"by_{kind}")
    client = Client()
    if kind == "password":
        client.paho.username_pw_set("hub-1", "pw-1")
    else:
        context = ssl.create_default_context(cafile=TLS.certificate)
        context.load_cert_chain(CERTIFICATES / "hub.pem", CERTIFICATES / "hub.key")
        client.paho.tls_set_context(context)
    with client.at(server):
        assert client.accepted == [True]
        client.paho.subscribe([("evhub-up/hub-1/ack", 0), ("evhub-up/hub-2/ack", 0), ("evhub-up/+/ev", 0)])
        wait_until(lambda: client.subscribed == [True, False, False])
        assert asyncio.run(subjects_heard(server, client)) == ["evhub-up.hub-1.ev"]


async def subjects_heard(server: Nats, client: Client) -> list[str]:
    """What the operator hears when the hub speaks for another one, and then for itself."""
    listener = await nats.connect(server.url)
    heard = await listener.subscribe("evhub-up.>")
    await listener.flush()
    for topic in ("evhub-up/hub-2/ev", "evhub-up/hub-1/ack", "evhub-up/hub-1/ev"):
        client.paho.publish(topic, b"x", qos=1)
    subjects = [(await heard.next_msg(timeout=5)).subject]
    while heard.pending_msgs:
        subjects.append((await heard.next_msg()).subject)
    await listener.close()
    return subjects


def test_without_a_certificate_nobody_comes_in(by_certificate: Nats) -> None:
    with pytest.raises(OSError, match=r"certificate required|reset|closed"):
        read_after_handshake(by_certificate)


def read_after_handshake(server: Nats) -> None:
    """In TLS 1.3 the refusal comes with the first read."""
    context = ssl.create_default_context(cafile=TLS.certificate)
    with (
        socket.create_connection(("127.0.0.1", server.mqtt_port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
    ):
        if secure.recv(1) == b"":
            raise ConnectionError("closed")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--hub", "Garage"], "is no hub id"),
        (["--hub", "garage-1"], "give a password"),
        (["--certificate", "a.pem"], "belong together"),
        (["--ca", "a.pem"], "needs them"),
    ],
)
def test_wrong_options_are_told(options: list[str], says: str) -> None:
    ran = CliRunner().invoke(main, ["--store", "x", *options])
    assert ran.exit_code == 2
    assert says in ran.output


def test_the_settings_are_printed() -> None:
    ran = CliRunner().invoke(main, ["--store", "/srv/nats", "--hub", "garage-1:s3cret", "--password", "agg"])
    assert ran.exit_code == 0
    assert '"store_dir": "/srv/nats"' in ran.output
    assert '"evhub-up.garage-1.ev"' in ran.output
