"""Which way is taken."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from hub.operators.ways import way_now


@dataclass
class SomeWay:
    """A way by its name alone."""

    name: str
    is_up: bool = True
    may_send: bool = True
    trouble: str | None = None
    most_at_a_time: int = 1

    async def send_events(self, payload: bytes) -> bytes | None:
        raise AssertionError

    async def send_status(self, payload: bytes) -> None:
        raise AssertionError


@pytest.mark.parametrize(
    ("mqtt", "https", "lost_for_s", "taken"),
    [
        ("up", True, 0, "mqtt"),
        ("down", True, 299, "mqtt"),
        ("down", True, 300, "https"),
        ("down", False, 9999, "mqtt"),
        ("up", True, 9999, "mqtt"),
        (None, True, 0, "https"),
    ],
)
def test_mqtt_while_it_is_up_or_was_lost_only_now(mqtt: str | None, https: bool, lost_for_s: float, taken: str) -> None:
    first = SomeWay("mqtt", is_up=mqtt == "up") if mqtt is not None else None
    second = SomeWay("https") if https else None
    assert way_now(first, second, lost_for_s, 300.0).name == taken
