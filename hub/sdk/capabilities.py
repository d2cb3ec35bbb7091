"""What a driver can do: one small protocol for each thing, so that what a device cannot do is simply not there.

A driver speaks for one station; `connector` counts its outlets from 1. Every call ends within a few seconds, with
`Unreachable`, `Refused` or `Unsupported` when it did not happen.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from hub.model.lease import Lease


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
class HoldsLeases(Protocol):
    """Its limits can end by themselves. Whether an outlet's can now is said by a report, `Leasing`."""

    async def lend(self, connector: int, limit_a: float, lease: Lease) -> float:
        """Limit the outlet as `set_limit` does, until the lease is over; then it gives `lease.floor_a` by itself.

        The device keeps time alone: what is not told again ends, whether anybody is there or not. Where it turns out to
        take no lease, it is limited without one, and reported so before this returns.
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
