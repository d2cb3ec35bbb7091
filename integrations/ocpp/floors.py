"""Whether a station can hold leases, and the floors beneath them: default profiles without an end, told once."""

from __future__ import annotations

from collections.abc import Iterator

from hub.sdk import Leasing, StationHost
from integrations.ocpp import profiles
from integrations.ocpp.asking import Asker
from integrations.ocpp.clock import StationClock, in_words
from integrations.ocpp.config import Config

ONE_LEVEL = "it takes profiles at one stack level only, so that no limit can lie above another"
NO_FLOOR = "it takes no default profile at stack level 0 to fall back to"
NO_END = "it refuses limits that end by themselves"
SWITCHED_OFF = "lease_s is 0 in its configuration"


class Floors:
    """What one station falls back to. Says for every outlet whether leases can lie above it, whenever that changes."""

    def __init__(self, host: StationHost, asker: Asker, settings: Config) -> None:
        self._host, self._asker, self._settings = host, asker, settings
        self.clock = StationClock()
        self._told_a: dict[int, float] = {}  # by connector; 0 is the whole station
        self._asked_a: dict[int, float] = {}
        self._refuses = ""
        self._said: str | None = None

    def forget(self) -> None:
        """The station restarted, perhaps as another firmware: everything is told and tried anew."""
        self._told_a.clear()
        self._refuses, self._said = "", None
        self.clock = StationClock()

    def refused(self, why: str) -> None:
        """It showed that it can hold no lease."""
        if not self._refuses:
            self._host.log.warning("it can hold no leases: %s", why)
        self._refuses = why

    def why_none(self, stack_level: int) -> str:
        """What keeps it from holding leases at this stack level; empty: nothing does."""
        if self._settings.lease_s == 0:
            return SWITCHED_OFF
        if stack_level == 0:
            return ONE_LEVEL
        off_by = self.clock.off_by()
        return self._refuses or ("" if off_by is None else f"its clock is {in_words(off_by)}")

    def say(self, stack_level: int, *, anew: bool = False) -> bool:
        """Report whether it can hold leases, if that is news or asked for; answers whether it can."""
        why = self.why_none(stack_level)
        if anew or why != self._said:
            self._said = why
            lease_s = None if why else float(self._settings.lease_s)
            for connector in self._host.chargers:
                self._host.report(connector, Leasing(at=self._host.clock.now(), lease_s=lease_s, why=why))
        return not why

    def has(self, connector: int) -> bool:
        """A floor lies under this outlet; whether it is the one that is asked for now is another question."""
        return connector in self._asked_a and any(place in self._told_a for place in (0, connector))

    async def lay(self, connector: int, limit: profiles.Limit, style: profiles.ProfileStyle) -> None:
        """Tell the outlet what to fall back to, unless it was told; where it refuses, it can hold no leases."""
        self._asked_a[connector] = limit.limit_a
        for place in self._places(connector):
            floor_a = min(self._asked_a.values()) if place == 0 else limit.limit_a
            if self._told_a.get(place) == floor_a:
                return
            self._told_a.pop(place, None)  # until it answers, nobody knows
            request = profiles.floor_profile(place, limit.at(floor_a), style.unit, self._host.clock.now())
            answer = await self._asker.attempt(request)
            if answer is not None and answer.status == "Accepted":
                self._told_a[place] = floor_a
                return
        self.refused(NO_FLOOR)

    def _places(self, connector: int) -> Iterator[int]:
        """Where a floor can lie: on the whole station if it has one outlet, on the outlet itself, else on the whole."""
        alone = len(self._host.chargers) == 1
        yield from (0, connector) if alone else (connector, 0)
