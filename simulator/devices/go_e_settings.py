"""The settings of a go-e Charger: taken at once, in force at the next turn of its logic a second later, kept in flash.

`frc` is neutral again when the car leaves (says the vendor) and, as the worse case, after a restart; `amp` is stored.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

NEUTRAL, OFF, ON = 0, 1, 2  # frc
OPEN, WAIT = 0, 1  # acs: everybody may charge, or only after a card

Value = int | bool | str | None
ALLOWED: Mapping[str, Callable[[object], bool]] = {
    "amp": lambda value: _whole(value, 6, 32),
    "frc": lambda value: _whole(value, NEUTRAL, ON),
    "acs": lambda value: _whole(value, OPEN, WAIT),
    "trx": lambda value: value is None or _whole(value, 0, 10),
    "rst": lambda value: value is True,  # 1 does nothing, as users found out
}


@dataclass
class Settings:
    """What is in force, what waits for the next turn, and how often the flash was written for `amp`."""

    amp: int
    acs: int = OPEN
    frc: int = NEUTRAL
    trx: int | None = None
    flash_writes: int = 0
    waiting: dict[str, Value] = field(default_factory=dict)

    def take(self, key: str, text: str) -> bool | str:
        """The answer to one key of /api/set: true, or what is wrong."""
        if key not in ALLOWED:
            return f"{key}: unknown api key"
        try:
            value = json.loads(text)
        except ValueError:
            return f"{key}: tried to set api key with invalid json InvalidInput ({text})"
        if not ALLOWED[key](value):
            return f"{key}: {text} is not allowed"
        if key != "rst":
            self.waiting[key] = value
        return True

    def turn(self) -> None:
        """The logic looks at its settings, once a second."""
        waiting, self.waiting = self.waiting, {}
        if waiting.get("amp", self.amp) != self.amp:
            self.flash_writes += 1
        for key, value in waiting.items():
            setattr(self, key, value)

    def forget_car(self) -> None:
        """The car has left."""
        self.frc, self.trx = NEUTRAL, None

    def restart(self) -> None:
        """What was not stored yet is gone."""
        self.waiting = {}
        self.forget_car()


def _whole(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
