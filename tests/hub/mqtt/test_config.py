"""The `mqtt:` section: what is right, and what is refused in which words."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from hub.core.mqtt_link.server import Server
from hub.mqtt.config import MqttConfig

CA = Path(__file__).parents[2] / "tls" / "broker.pem"


def read(section: dict[str, object]) -> MqttConfig:
    return MqttConfig.model_validate(section)


def test_an_empty_section_is_a_broker_of_our_own_on_loopback() -> None:
    config = read({})
    assert (config.enabled, config.remote, config.bind, config.port) == (True, None, "127.0.0.1", 1883)
    assert (config.prefix, config.anonymous) == ("evhub", False)


@pytest.mark.parametrize(
    ("section", "server"),
    [
        ({"broker": "mqtt://10.0.0.2"}, Server("10.0.0.2", 1883)),
        ({"broker": "mqtt://ha.local:1884/"}, Server("ha.local", 1884)),
        ({"broker": "mqtt://u:p%40ss@10.0.0.2"}, Server("10.0.0.2", 1883, "u", "p@ss")),
        ({"broker": "mqtts://[fd00::1]"}, Server("fd00::1", 8883, tls=True)),
        ({"broker": "mqtt://b", "username": "u", "password": "p"}, Server("b", 1883, "u", "p")),
        ({"broker": "mqtts://b", "ca": str(CA)}, Server("b", 8883, tls=True, ca=CA)),
    ],
)
def test_the_users_broker(section: dict[str, object], server: Server) -> None:
    assert read(section).remote == server


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"brokr": "mqtt://b"}, "Extra inputs are not permitted"),
        ({"broker": "10.0.0.2:1883"}, "Write mqtt://user:password@host:1883"),
        ({"broker": "http://b"}, "Write mqtt://"),
        ({"broker": "mqtt://b:port"}, "Write mqtt://"),
        ({"broker": "mqtt://b/topic"}, "Write mqtt://"),
        ({"broker": "mqtt://u:p@b", "username": "v"}, "names a user, and so does mqtt.username"),
        ({"broker": "mqtt://b", "password": "p"}, "mqtt.password without mqtt.username"),
        ({"broker": "mqtts://b", "ca": "/no/such.pem"}, "no such file"),
        ({"username": "u"}, "belong to mqtt.broker"),
        ({"bind": "localhost"}, "Write 127.0.0.1"),
        ({"bind": "0.0.0.0", "anonymous": True}, "let everybody on the network command the chargers"),
        ({"port": 0}, "greater than or equal to 1"),
        ({"prefix": "a/+"}, "should match pattern"),
        ({"prefix": "/a"}, "should match pattern"),
        ({"prefix": "$SYS"}, "should match pattern"),
    ],
)
def test_what_is_refused(section: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        read(section)


@pytest.mark.parametrize("bind", ["127.0.0.1", "127.0.0.2", "::1"])
def test_anonymous_is_allowed_on_loopback(bind: str) -> None:
    assert read({"bind": bind, "anonymous": True}).anonymous


def test_passwords_stay_out_of_every_text() -> None:
    config = read({"broker": "mqtt://u:hunter2@b"})
    other = read({"broker": "mqtt://b", "username": "u", "password": "hunter2"})
    texts = [repr(config), str(config.remote), repr(config.remote), repr(other), repr(other.remote), str(other)]
    with pytest.raises(ValidationError) as wrong:
        read({"broker": "mqt://u:hunter2@b"})
    assert "hunter2" not in " ".join([*texts, str(wrong.value)])
