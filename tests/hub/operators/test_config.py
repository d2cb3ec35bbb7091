"""The `operators:` section: what is right, and what is refused in which words."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from hub.config.load import check, load
from hub.core.mqtt_link.server import Server
from hub.model.facts import Keeping
from hub.operators.config import OperatorConfig, Tokens, kept_facts

TLS = Path(__file__).parents[2] / "tls"


def read(section: dict[str, object]) -> OperatorConfig:
    return OperatorConfig.model_validate(section)


def test_what_counts_without_a_word() -> None:
    config = read({"url": "mqtts://op.example"})
    assert (config.commands, config.tokens, config.begin) == ((), Tokens.HASHED, "now")
    assert config.takes_classes == frozenset(Keeping)
    assert "session_started" in kept_facts()
    assert "device_found" not in kept_facts()


@pytest.mark.parametrize(
    ("section", "server"),
    [
        ({"url": "mqtts://op.example"}, Server("op.example", 8883, tls=True)),
        ({"url": "mqtts://op.example:443/"}, Server("op.example", 443, tls=True)),
        ({"url": "mqtt://127.0.0.1"}, Server("127.0.0.1", 1883)),
        ({"url": "mqtt://[::1]:1884"}, Server("::1", 1884)),
        ({"url": "mqtt://localhost"}, Server("localhost", 1883)),
        ({"url": "mqtt://op.example", "allow_plain": True}, Server("op.example", 1883)),
        (
            {"url": "mqtts://op.example", "username": "u", "password": "p"},
            Server("op.example", 8883, "u", "p", tls=True),
        ),
        (
            {
                "url": "mqtts://op.example",
                "ca": str(TLS / "broker.pem"),
                "certificate": str(TLS / "hub.pem"),
                "key": str(TLS / "hub.key"),
            },
            Server(
                "op.example",
                8883,
                tls=True,
                ca=TLS / "broker.pem",
                certificate=TLS / "hub.pem",
                key=TLS / "hub.key",
            ),
        ),
        ({"fallback_url": "https://op.example/in/"}, None),
    ],
)
def test_the_operators_broker(section: dict[str, object], server: Server | None) -> None:
    assert read(section).server == server


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({}, "neither url nor fallback_url"),
        ({"url": "mqtt://op.example"}, "url is without TLS. Write mqtts://op.example, or set allow_plain to true"),
        ({"fallback_url": "http://10.0.0.2"}, "fallback_url is without TLS. Write https://10.0.0.2"),
        ({"url": "https://op.example"}, "not a broker's address"),
        ({"url": "mqtts://user:secret@op.example"}, "user and password are keys below"),
        ({"fallback_url": "mqtts://op.example"}, "not a web address"),
        ({"url": "mqtts://op.example", "certificate": str(TLS / "hub.pem")}, "certificate and key belong together"),
        ({"url": "mqtts://op.example", "ca": "lost.pem"}, "no such file"),
        ({"url": "mqtts://op.example", "password": "p"}, "a password without a username"),
        ({"url": "mqtts://op.example", "facts": ["device_found"]}, "is no fact that is kept"),
        ({"url": "mqtts://op.example", "hub_id": "Riverside"}, "should match pattern"),
    ],
)
def test_what_is_refused(section: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        read(section)
    assert words in str(refused.value)
    assert "secret" not in str(refused.value)


def test_each_fact_is_named_once() -> None:
    assert len(kept_facts()) == len(set(kept_facts()))


def test_in_the_file_a_mistake_has_its_line_and_no_secret_is_shown(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(
        "grid: {limit_a: 25}\n"
        "operators:\n"
        "  acme:\n"
        "    url: mqtts://user:s3cret@op.example\n"
        "    tokens: hashd\n"
        "    password: 77\n"
        "  other:\n"
        "    allow_plain: false\n"
    )
    report = check(file)
    lines = {problem.line: f"{problem.value}: {problem.message} {problem.next}" for problem in report.problems}
    assert set(lines) == {4, 5, 6, 7}
    assert "hashd" in lines[5]
    assert "Write hashed." in lines[5]
    assert "s3cret" not in report.text()
    assert "77" not in report.text()


def test_in_the_file_it_is_as_written(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(
        "grid: {limit_a: 25}\n"
        "operators:\n"
        "  acme: {url: mqtts://op.example, classes: [kept], commands: [charger.stop], most_per_s: 100}\n"
    )
    acme = load(file).config.operators["acme"]
    assert (acme.classes, acme.commands, acme.most_per_s) == ((Keeping.KEPT,), ("charger.stop",), 100)
