"""Alarms: what a person should know of the site now, each in a word for programs and a sentence for people. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from hub.core.state import Picture


@dataclass(frozen=True, slots=True)
class Alarm:
    """One of them. It is there as long as its cause; `since` None: nobody noted when it began."""

    code: str
    text: str
    since: datetime | None = None


def alarms(picture: Picture) -> Iterator[Alarm]:
    """All that the live picture gives cause for, circuits first."""
    for id, circuit in picture.circuits.items():
        if circuit.over:
            drawn = picture.site.circuits.get(id)
            name = (drawn.name if drawn else None) or id
            yield Alarm("circuit_over_limit", f"{name} carries more than its limit")
