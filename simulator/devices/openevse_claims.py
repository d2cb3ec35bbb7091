"""Who may steer an OpenEVSE: its firmware weighs claims by priority and sets the winner's state and current. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MANUAL = 0x0001_0001  # the client behind /override
MANUAL_PRIORITY = 1000
API_PRIORITY = 500  # every claim made by /claims/{client}
MOST_CLAIMS = 10
STATES = {"a": "active", "d": "disabled"}  # the firmware looks at the first letter only


@dataclass(frozen=True, slots=True)
class Limits:
    """Whole amps: the least that the controller offers, and the most that its owner configured."""

    least_a: int
    most_a: int


@dataclass(frozen=True, slots=True)
class Claim:
    """What one client asks for; None is "no opinion". It is released when the car leaves if `auto_release`."""

    priority: int
    state: str | None = None
    charge_current_a: int | None = None
    max_current_a: int | None = None
    auto_release: bool = False

    @classmethod
    def read(cls, body: Mapping[str, object], priority: int, auto_release: bool) -> Claim:
        """Take a request's JSON as ArduinoJson does: fractions are cut off, nonsense is 0, "clear" is no opinion."""
        word = body.get("state")
        return cls(
            priority=priority,
            state=STATES.get(word[:1]) if isinstance(word, str) else None,
            charge_current_a=_amps(body, "charge_current"),
            max_current_a=_amps(body, "max_current"),
            auto_release=bool(body.get("auto_release", auto_release)),
        )

    def as_json(self) -> dict[str, object]:
        """The claim in the firmware's keys, without what it has no opinion on."""
        asked = {"state": self.state, "charge_current": self.charge_current_a, "max_current": self.max_current_a}
        return {**{key: value for key, value in asked.items() if value is not None}, "auto_release": self.auto_release}


@dataclass(frozen=True, slots=True)
class Target:
    """What the claims come to: `active` or `disabled`, and the pilot in whole amps."""

    state: str
    pilot_a: int


class Claims:
    """The claims held now, by client."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.version = 0
        self.override_version = 0
        self._held: dict[int, Claim] = {}

    def __contains__(self, client: int) -> bool:
        return client in self._held

    def get(self, client: int) -> Claim | None:
        """The claim of that client."""
        return self._held.get(client)

    def listed(self) -> list[dict[str, object]]:
        """All claims as GET /claims shows them."""
        return [
            {"client": client, "priority": claim.priority, **claim.as_json()} for client, claim in self._held.items()
        ]

    def make(self, client: int, claim: Claim) -> bool:
        """Make or replace a claim; False when every slot is taken."""
        if client not in self._held and len(self._held) == MOST_CLAIMS:
            return False
        if self._held.get(client) != claim:
            self._held[client] = claim
            self._count(client)
        return True

    def release(self, client: int) -> bool:
        """Drop a claim; False when there is none."""
        if self._held.pop(client, None) is None:
            return False
        self._count(client)
        return True

    def release_ended(self) -> None:
        """The car left: drop every claim that asked for it."""
        self._held = {client: claim for client, claim in self._held.items() if not claim.auto_release}

    def forget(self) -> None:
        """A reboot: nothing is kept."""
        self._held.clear()
        self.version = self.override_version = 0

    def target(self) -> Target:
        """The highest priority decides each of state, current and cap; without claims: active at the configured most.

        A current below the least becomes the least: 0 A does not pause an OpenEVSE, `disabled` does.
        """
        ranked = sorted(self._held.values(), key=lambda claim: -claim.priority)
        states = (claim.state for claim in ranked if claim.state is not None)
        currents = (claim.charge_current_a for claim in ranked if claim.charge_current_a is not None)
        caps = (claim.max_current_a for claim in ranked if claim.max_current_a is not None)
        most = self.limits.most_a
        pilot_a = max(min(most, next(caps, most), next(currents, most)), self.limits.least_a)
        return Target(next(states, "active"), pilot_a)

    def _count(self, client: int) -> None:
        self.version = (self.version + 1) % 256
        if client == MANUAL:
            self.override_version = (self.override_version + 1) % 256


def _amps(body: Mapping[str, object], key: str) -> int | None:
    value = body.get(key)
    if key not in body or value == "clear":
        return None
    try:
        return max(int(float(value)), 0) if isinstance(value, str | int | float) else 0
    except (ValueError, OverflowError):
        return 0
