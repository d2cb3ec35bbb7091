"""Which commands from above may be carried out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.core.shown import iso
from hub.operators.permits import refusal
from hub.wire.operator.messages import Command
from tests.hub.operators.small_hub import AT

ALLOWED = frozenset({"charger.stop"})


@pytest.mark.parametrize(
    ("name", "expires_in_s", "synced", "stored", "code"),
    [
        ("charger.stop", 30, True, False, None),
        ("charger.stop", 86_400, True, False, None),
        ("charger.stop", 86_400, None, False, None),  # the kernel does not say
        ("charger.reset", 30, True, False, "not_allowed"),
        ("charger.stop", 0, True, False, "expired"),
        ("charger.stop", -1, True, False, "expired"),
        ("charger.stop", 30, True, True, "expired"),
        ("charger.stop", 60, False, False, None),
        ("charger.stop", 61, False, False, "refused"),  # it may have expired long ago
        ("charger.stop", -1, False, False, "expired"),
    ],
)
def test_a_command(name: str, expires_in_s: float, synced: bool | None, stored: bool, code: str | None) -> None:
    command = Command(id="c1", name=name, expires_at=iso(AT + timedelta(seconds=expires_in_s)))
    refused = refusal(command, ALLOWED, AT, synced=synced, stored=stored)
    assert (refused.code if refused else None) == code
    assert refused is None or refused.next


@pytest.mark.parametrize("hub_is_behind_s", [0, 30, 59, 3600, -3600])
def test_without_a_time_server_no_command_is_more_than_a_minute_late(hub_is_behind_s: int) -> None:
    """The command expires at AT and comes later and later: whatever the hub's clock says, a minute is the end of it."""
    command = Command(id="c1", name="charger.stop", expires_at=iso(AT))
    for late_s in range(-600, 600):
        hub_time = AT + timedelta(seconds=late_s - hub_is_behind_s)
        if refusal(command, ALLOWED, hub_time, synced=False) is None:
            assert late_s < 60
