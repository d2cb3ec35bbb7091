"""A hub of one room."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hub.core.bus import Bus
from hub.core.clock import SystemClock
from hub.core.orders import Args, Caller, Orders, Result
from hub.core.state import Picture
from hub.model.errors import Refused
from hub.model.person import EVERYBODY
from hub.mqtt.config import MqttConfig
from hub.mqtt.service import Mqtt
from tests.hub.mqtt.example import picture


class LimitArgs(Args):
    """As the hub's own charger.set_limit."""

    charger: str
    limit_a: float | None


class AllowArgs(Args):
    """As the hub's own charger.allow."""

    charger: str
    allow: bool


@dataclass
class SmallHub:
    """The picture, the bus, the orders and the MQTT room; `done` counts what was carried out."""

    mqtt: Mqtt
    picture: Picture
    bus: Bus
    orders: Orders
    done: list[tuple[str, Result]] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()
        self.orders.serve("charger.set_limit", LimitArgs, self._set_limit, says="", may=EVERYBODY)
        self.orders.serve("charger.allow", AllowArgs, self._allow, says="", may=EVERYBODY)
        self.orders.serve("hub.fail", Args, self._fail, says="", may=EVERYBODY)

    async def _set_limit(self, args: LimitArgs, caller: Caller) -> Result:
        await self.gate.wait()
        if args.limit_a is not None and args.limit_a > 32:
            raise Refused(f"{args.charger} takes 32 A at most", "ask for 32 or less")
        self.done.append(("charger.set_limit", {"limit_a": args.limit_a, "who": caller.who, "via": caller.via}))
        return {"limit_a": args.limit_a}

    async def _allow(self, args: AllowArgs, caller: Caller) -> Result:
        self.done.append(("charger.allow", {"allow": args.allow}))
        return {"allow": args.allow}

    async def _fail(self, args: Args, caller: Caller) -> Result:
        raise KeyError("a mistake of ours")


@asynccontextmanager
async def running(config: MqttConfig, data: Path) -> AsyncIterator[SmallHub]:
    """A small hub between its start and its clean stop."""
    clock, bus, seen = SystemClock(), Bus(), picture()
    orders = Orders(clock)
    hub = SmallHub(Mqtt(seen, bus, orders, clock, config, data), seen, bus, orders)
    try:
        await hub.mqtt.start()
        yield hub
    finally:
        await hub.mqtt.stop()
        await bus.close()
