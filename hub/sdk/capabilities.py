"""What a driver can do: one small protocol for each thing, so that what a device cannot do is simply not there.

A driver speaks for one station; `connector` counts its outlets from 1. Every call ends within a few seconds, with
`Unreachable`, `Refused` or `Unsupported` when it did not happen.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable


class Driver(Protocol):
    """The least of a driver: it can be stopped. It closes its connections and leaves the device as it is."""

    async def stop(self) -> None:
        """End this driver."""
        ...


@runtime_checkable
class Listens(Protocol):
    """Devices dial into it."""

    @property
    def door(self) -> str:
        """Where, in a line for people."""
        ...


@runtime_checkable
class SetsLimit(Protocol):
    """It can be told how much to give."""

    async def set_limit(self, connector: int, limit_a: float) -> float:
        """Limit the outlet to `limit_a` amps on each phase; 0 pauses it. Idempotent.

        Answers what the device holds now: `limit_a` rounded down to what it can say, 0 when that is below its minimum.
        """
        ...


@runtime_checkable
class StartsAndStops(Protocol):
    """It can begin and end a charge."""

    async def start_charging(self, connector: int, token: str) -> None:
        """Begin a charge as if `token` had been shown at the reader."""
        ...

    async def stop_charging(self, connector: int) -> None:
        """End the running charge."""
        ...


@runtime_checkable
class Resets(Protocol):
    """It can be restarted."""

    async def reset(self, *, hard: bool) -> None:
        """Restart the station: soft ends transactions properly first, hard does not."""
        ...


@runtime_checkable
class Unlocks(Protocol):
    """It can release the cable."""

    async def unlock(self, connector: int) -> None:
        """Release a locked cable."""
        ...
