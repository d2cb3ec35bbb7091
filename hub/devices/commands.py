"""Orders that go to one device: start, stop, reset, unlock. What a device cannot do is refused with a sentence."""

from __future__ import annotations

from functools import partial
from typing import Protocol

from hub.core.orders import Args, Caller, Orders, Result
from hub.core.shapes import Shape
from hub.model.errors import Unsupported
from hub.model.ids import ChargerId
from hub.model.person import HELP
from hub.sdk.capabilities import Driver, Resets, StartsAndStops, Unlocks


class Drivers(Protocol):
    """Who knows the driver of a charger."""

    def driver_of(self, charger: ChargerId) -> tuple[Driver, int]:
        """The driver and the connector; raises NotFound or Unreachable."""
        ...


class ChargerArgs(Args):
    """One charger by its id."""

    charger: ChargerId


class StartArgs(ChargerArgs):
    """A charger, and the token that the charge is booked on."""

    token: str = "evhub"


class ResetArgs(ChargerArgs):
    """A charger whose station is restarted; `hard` does not end transactions first."""

    hard: bool = False


class Commanded(Shape):
    """The charger that did it."""

    charger: str


def offer_commands(orders: Orders, drivers: Drivers) -> None:
    """Put the four device orders into the catalogue."""

    async def start(args: StartArgs, caller: Caller) -> Result:
        driver, connector = drivers.driver_of(args.charger)
        if not isinstance(driver, StartsAndStops):
            raise _cannot(args.charger, "started")
        await driver.start_charging(connector, args.token)
        return {"charger": args.charger}

    async def stop(args: ChargerArgs, caller: Caller) -> Result:
        driver, connector = drivers.driver_of(args.charger)
        if not isinstance(driver, StartsAndStops):
            raise _cannot(args.charger, "stopped")
        await driver.stop_charging(connector)
        return {"charger": args.charger}

    async def reset(args: ResetArgs, caller: Caller) -> Result:
        driver, _ = drivers.driver_of(args.charger)
        if not isinstance(driver, Resets):
            raise _cannot(args.charger, "restarted")
        await driver.reset(hard=args.hard)
        return {"charger": args.charger}

    async def unlock(args: ChargerArgs, caller: Caller) -> Result:
        driver, connector = drivers.driver_of(args.charger)
        if not isinstance(driver, Unlocks):
            raise _cannot(args.charger, "unlocked")
        await driver.unlock(connector)
        return {"charger": args.charger}

    serve = partial(orders.serve, may=HELP, gives=Commanded)
    serve("charger.start", StartArgs, start, says="Begin a charge as if a token had been shown at the reader.")
    serve("charger.stop", ChargerArgs, stop, says="End the running charge.")
    serve("charger.reset", ResetArgs, reset, says="Restart the charger's station.")
    serve("charger.unlock", ChargerArgs, unlock, says="Release the cable.")


def _cannot(charger: ChargerId, done: str) -> Unsupported:
    return Unsupported(f"{charger} cannot be {done} by the hub", "do it at the charger itself")
