"""The balancer on the bus: what wakes it, what it tells, and the orders of people. Real bus, real clock."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from hub.balance.config import BalanceConfig
from hub.balance.service import Balance
from hub.core.bus import Bus
from hub.core.clock import Clock, SystemClock
from hub.core.documents import Documents
from hub.core.orders import Caller, Envelope, Orders, Reply
from hub.core.state import LiveCharger, LiveMeter, Picture
from hub.model.charger import Status
from hub.model.errors import NotKept, Refused, Unreachable
from hub.model.facts import (
    ChargerChanged,
    CircuitBackUnderLimit,
    CircuitOverLimit,
    CircuitsChanged,
    DrawingChanged,
    Fact,
    MeterChanged,
)
from hub.model.grant import Limiter
from hub.model.ids import GRID, ChargerId, MeterId, StationId
from hub.model.lease import Lease
from hub.model.person import EVERYBODY
from hub.model.reading import MeterReading
from hub.model.site import Site
from hub.model.units import PerPhase, same_on_each
from tests.hub.balance.drawings import charger, one_fuse
from tests.stores import store


@dataclass
class Chargers:
    """Stands where the devices room stands: takes limits, confirms them a little later, keeps the picture."""

    picture: Picture
    bus: Bus
    clock: Clock
    told: list[tuple[str, float]] = field(default_factory=list)
    at_once: set[str] = field(default_factory=set)  # commands on their way
    worst_at_once: int = 0
    refuses: bool = False
    hold: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.hold.set()

    async def set_limit(self, charger: ChargerId, limit_a: float, lease: Lease | None = None) -> float:
        live = self.picture.chargers[charger]
        if not live.online:
            raise Unreachable(f"{charger} does not answer")
        assert charger not in self.at_once, "one command at a time for each charger"
        self.at_once.add(charger)
        self.worst_at_once = max(self.worst_at_once, len(self.at_once))
        self.told.append((charger, limit_a))
        live.asked_a = max(limit_a, live.asked_a or 0.0)
        try:
            await asyncio.sleep(0.01)
            await self.hold.wait()
            if self.refuses:
                raise Refused(f"{charger} said no")
        finally:
            self.at_once.discard(charger)
            self.bus.publish(ChargerChanged(charger))
        live.held_a, live.asked_a = limit_a, None
        asyncio.get_running_loop().call_later(0.02, self._follow, live)
        return limit_a

    def _follow(self, live: LiveCharger) -> None:
        """The car does, and is measured."""
        if live.status is Status.CHARGING:
            live.line_a, live.reading_at_s = same_on_each(live.held_a), self.clock.monotonic()
            self.bus.publish(ChargerChanged(live.id))


class Hub:
    """A balancer with its surroundings."""

    def __init__(self, drawn: Site, folder: Path) -> None:
        self.bus, self.clock = Bus(), SystemClock()
        self.orders = Orders(self.clock)
        self.picture = Picture(drawn)
        self.chargers = Chargers(self.picture, self.bus, self.clock)
        self.facts: list[Fact] = []
        self.draw(drawn)
        config = BalanceConfig(interval_s=1, margin_a=0.0)
        self.life = AsyncExitStack()
        self.folder, self.config = folder, config

    def draw(self, drawn: Site) -> None:
        self.picture.site = drawn
        for c in drawn.chargers.values():
            self.picture.chargers.setdefault(c.id, LiveCharger(c.id, c.station))
        for id in drawn.meters:
            self.picture.meters.setdefault(id, LiveMeter(id))

    async def start(self) -> "Hub":
        self.bus.listen("test", (CircuitsChanged, CircuitOverLimit, CircuitBackUnderLimit), self._note)
        documents = Documents(await self.life.enter_async_context(store(self.folder)), self.clock)
        self.balance = Balance(self.picture, self.bus, self.orders, self.chargers, self.clock, documents, self.config)
        await self.balance.start()
        return self

    async def stop(self) -> None:
        await self.balance.stop()
        await self.life.aclose()
        await self.bus.close()

    async def _note(self, fact: Fact) -> None:
        self.facts.append(fact)

    def says(self, id: str, **said: object) -> None:
        """A charger says something."""
        live = self.picture.chargers[ChargerId(id)]
        for name, value in {"online": True, **said}.items():
            setattr(live, name, value)
        self.bus.publish(ChargerChanged(live.id))

    def measures(self, a: float, id: str = "m") -> None:
        """A meter says something."""
        live = self.picture.meters[MeterId(id)]
        live.reading = MeterReading(at=self.clock.now(), current_a=same_on_each(a))
        live.reading_at_s = self.clock.monotonic()
        self.bus.publish(MeterChanged(live.id))

    def held(self) -> list[float | None]:
        return [live.held_a for live in self.picture.chargers.values()]

    async def order(self, name: str, **args: object) -> Reply:
        return await self.orders.answer(Envelope(name, args), Caller("test", "test", EVERYBODY))


async def until(true: Callable[[], bool], within_s: float = 5.0) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(within_s):
        while not true():
            await asyncio.sleep(0.005)


@pytest.fixture
async def hub_of(tmp_path):
    hubs: list[Hub] = []

    async def build(drawn: Site) -> Hub:
        hubs.append(await Hub(drawn, tmp_path).start())
        return hubs[-1]

    yield build
    for hub in hubs:
        await hub.stop()


TWO = (charger("c0"), charger("c1", min_a=6.0, max_a=16.0))


async def charging(hub_of, *, meter: str | None = None) -> Hub:
    hub = await hub_of(one_fuse(32, *TWO, meter=meter))
    if meter is not None:
        hub.measures(0.0)
    for id in ("c0", "c1"):
        hub.says(id, status=Status.CHARGING, held_a=6.0, line_a=PerPhase(6.0, 6.0, 6.0), reading_at_s=0.0)
    return hub


async def test_two_cars_share_and_a_third_state_changes_it(hub_of):
    hub = await charging(hub_of)
    await until(lambda: hub.held() == [16, 16])
    assert hub.chargers.worst_at_once == 2  # side by side
    assert hub.picture.grants["c0"].text == "16 A because Grid connection L1 is full (32 A)"
    hub.says("c1", status=Status.AVAILABLE)
    await until(lambda: hub.held() == [32, 0])
    assert hub.chargers.told[-2:] == [("c1", 0.0), ("c0", 32.0)]  # lower first, then raise
    assert hub.picture.grants["c1"].limiter is Limiter.NO_CAR


async def test_the_circuits_are_shown_and_told(hub_of):
    hub = await charging(hub_of, meter="m")
    hub.measures(20.0)
    await until(lambda: GRID in hub.picture.circuits and hub.picture.circuits[GRID].current_a.l1 == 20.0)
    assert hub.picture.circuits[GRID].headroom_a == same_on_each(12.0)
    await until(lambda: CircuitsChanged() in hub.facts)


async def test_a_sample_above_the_limit_lowers_at_once_and_is_told_once(hub_of):
    hub = await charging(hub_of, meter="m")
    hub.says("c0", line_a=same_on_each(16.0), held_a=16.0, reading_at_s=hub.clock.monotonic())
    hub.says("c1", line_a=same_on_each(16.0), held_a=16.0, reading_at_s=hub.clock.monotonic())
    hub.measures(32.0)
    await until(lambda: GRID in hub.picture.circuits)
    hub.measures(42.0)
    await until(lambda: hub.held() == [11, 11], within_s=0.9)  # not at the next interval
    hub.measures(42.0)
    await until(lambda: any(isinstance(fact, CircuitOverLimit) for fact in hub.facts))
    hub.measures(31.0)
    await until(lambda: any(isinstance(fact, CircuitBackUnderLimit) for fact in hub.facts))
    (over,) = [fact for fact in hub.facts if isinstance(fact, CircuitOverLimit)]
    assert (over.circuit, over.over_a) == (GRID, same_on_each(10.0))


async def test_the_start_is_shown_until_everybody_was_heard(hub_of):
    hub = await hub_of(one_fuse(32, *TWO, meter="m"))
    await until(lambda: hub.picture.balancing is not None)
    shown = hub.picture.balancing
    assert (shown.starting, shown.waits_for) == (True, ("c0", "c1"))
    for id in ("c0", "c1"):
        hub.says(id, status=Status.CHARGING, held_a=6.0)
    await until(lambda: hub.picture.balancing.waits_for == ("m",))
    assert hub.picture.balancing.since == shown.since
    assert hub.held() == [6, 6]
    hub.measures(12.0)
    await until(lambda: not hub.picture.balancing.starting)
    assert hub.picture.balancing.since > shown.since
    assert hub.held() == [6, 6]  # a car may still be on its way to what it was told before
    assert hub.picture.grants["c0"].text == "waiting to hear from meter m"


async def test_one_command_at_a_time_for_each_charger(hub_of):
    hub = await charging(hub_of)
    await until(lambda: hub.held() == [16, 16])
    hub.chargers.hold.clear()
    hub.says("c1", status=Status.AVAILABLE)
    await until(lambda: "c1" in hub.chargers.at_once)
    hub.says("c1", status=Status.PREPARING)  # another wish while the first is on its way
    await asyncio.sleep(0.25)
    hub.chargers.hold.set()
    await until(lambda: hub.chargers.told[-1] == ("c1", 16.0))


async def test_a_new_drawing_is_balanced(hub_of):
    hub = await charging(hub_of)
    await until(lambda: hub.held() == [16, 16])
    hub.draw(one_fuse(20, *TWO))
    hub.bus.publish(DrawingChanged())
    await until(lambda: hub.held() == [10, 10])


async def test_set_limit_lowers_and_null_takes_it_back(hub_of):
    hub = await charging(hub_of)
    await until(lambda: hub.held() == [16, 16])
    reply = await hub.order("charger.set_limit", charger="c0", limit_a=10)
    assert reply.to_json() == {
        "ok": True,
        "result": {
            "charger": "c0",
            "limit_a": 10,
            "allow": True,
            "granted_a": 10,
            "reason": "request",
            "text": "limited to 10 A by request",
        },
    }
    assert hub.held()[0] == 10
    reply = await hub.order("charger.set_limit", charger="c0", limit_a=None)
    assert reply.ok
    await until(lambda: hub.held() == [16, 16])


async def test_allow_pauses_and_lets_go_on(hub_of):
    hub = await charging(hub_of)
    reply = await hub.order("charger.allow", charger="c1", allow=False)
    assert reply.result is not None
    assert (reply.result["granted_a"], reply.result["text"], hub.held()[1]) == (0, "paused by request", 0)
    assert (await hub.order("charger.allow", charger="c1", allow=True)).ok
    await until(lambda: hub.held() == [16, 16])


@pytest.mark.parametrize(
    ("name", "args", "says"),
    [
        ("charger.set_limit", {"charger": "c1", "limit_a": 17}, "limit_a is 17, and c1 can be asked for 0 to 16 A"),
        ("charger.set_limit", {"charger": "c1", "limit_a": -1}, "limit_a is -1, and c1 can be asked for 0 to 16 A"),
        ("charger.set_limit", {"charger": "c9", "limit_a": 10}, "no charger is called 'c9'"),
        ("charger.set_limit", {"charger": "c1"}, "limit_a: Field required"),
        ("charger.set_limit", {"charger": "c1", "limit_a": float("nan")}, "limit_a: Input should be a finite number"),
        (
            "charger.set_limit",
            {"charger": "c1", "limit_a": True},
            "limit_a: Value error, a current is a number of amps, not true or false",
        ),
        ("charger.allow", {"charger": "c1", "allow": "maybe"}, "allow: Input should be a valid boolean"),
    ],
)
async def test_a_wrong_order_says_what_is_wrong_and_what_to_do(hub_of, name, args, says):
    hub = await charging(hub_of)
    reply = await hub.order(name, **args)
    assert reply.error is not None
    assert (reply.error.code, reply.error.message) == ("invalid", says)
    assert reply.error.next


async def test_an_order_for_a_charger_that_is_away_is_stored_and_says_so(hub_of):
    hub = await charging(hub_of)
    hub.says("c1", online=False)
    reply = await hub.order("charger.set_limit", charger="c1", limit_a=8)
    assert reply.error is not None
    assert reply.error.code == "unreachable"
    assert reply.error.message == "the request is stored, but c1 cannot be reached now"
    hub.says("c1", online=True)
    await until(lambda: hub.held()[1] == 8)


async def test_a_request_that_cannot_be_written_down_is_refused_and_does_not_count(hub_of, monkeypatch):
    hub = await charging(hub_of)
    await until(lambda: hub.held() == [16, 16])

    async def full(*_: object, **__: object) -> None:
        raise NotKept("the database does not take it: disk is full", "make room")

    with monkeypatch.context() as disk:
        disk.setattr(Documents, "save", full)
        reply = await hub.order("charger.set_limit", charger="c0", limit_a=8)
        assert reply.error is not None
        assert reply.error.code == "not_kept"
    assert (await hub.order("charger.allow", charger="c1", allow=False)).ok  # decided anew
    assert hub.held() == [16, 0]


async def test_two_requests_for_one_charger_at_once_both_count(hub_of):
    hub = await charging(hub_of)
    await until(lambda: hub.held() == [16, 16])
    replies = await asyncio.gather(
        hub.order("charger.set_limit", charger="c0", limit_a=8),
        hub.order("charger.allow", charger="c0", allow=False),
    )
    assert all(reply.ok for reply in replies)
    assert hub.held()[0] == 0
    assert (await hub.order("charger.allow", charger="c0", allow=True)).ok
    assert hub.held()[0] == 8


async def test_an_order_that_the_charger_refuses_says_so(hub_of):
    hub = await charging(hub_of)
    await until(lambda: hub.held() == [16, 16])
    hub.chargers.refuses = True
    reply = await hub.order("charger.set_limit", charger="c1", limit_a=8)
    assert reply.error is not None
    assert (reply.error.code, reply.error.message) == ("refused", "the request is stored, but c1 did not take it")
    await until(lambda: hub.picture.grants["c1"].text.startswith("refused 8 A; 16 A are kept free for it"))


async def test_wishes_survive_a_restart(tmp_path):
    for life in ("first", "second"):
        hub = await Hub(one_fuse(32, *TWO), tmp_path).start()
        for id in ("c0", "c1"):
            hub.says(id, status=Status.CHARGING, held_a=6.0)
        if life == "first":
            assert (await hub.order("charger.set_limit", charger="c0", limit_a=8)).ok
            assert (await hub.order("charger.allow", charger="c1", allow=False)).ok
        await until(lambda hub=hub: hub.held() == [8, 0])
        await hub.stop()


async def test_a_damaged_document_is_no_wish(tmp_path):
    async with store(tmp_path) as earlier:
        wishes = {"c0": 7, "c1": {"limit_a": "x", "allow": "y"}}
        await Documents(earlier, SystemClock()).save("balance", {"wishes": wishes})
    hub = await Hub(one_fuse(32, *TWO), tmp_path).start()
    for id in ("c0", "c1"):
        hub.says(id, status=Status.CHARGING, held_a=6.0)
    await until(lambda: hub.held() == [16, 16])
    await hub.stop()


async def test_other_settings_count_with_the_drawing_that_follows(hub_of):
    hub = await charging(hub_of)
    await until(lambda: hub.held() == [16, 16])
    hub.balance.take(BalanceConfig(interval_s=1, margin_a=0.0), {GRID: same_on_each(12.0)})
    hub.bus.publish(DrawingChanged())
    await until(lambda: hub.held() == [10, 10])


async def test_a_fuse_that_is_drawn_smaller_lowers_at_once(hub_of):
    hub = await charging(hub_of)
    await until(lambda: hub.held() == [16, 16])
    told = len(hub.chargers.told)
    hub.draw(one_fuse(20, charger("c0", priority=1), charger("c1", min_a=6.0, max_a=16.0)))
    hub.bus.publish(DrawingChanged())
    await until(lambda: hub.held() == [14, 6])
    assert sorted(hub.chargers.told[told:]) == [("c0", 14.0), ("c1", 6.0)]  # nobody was raised for a moment


async def test_a_charger_behind_another_station_is_not_taken_for_the_old_one(hub_of):
    """The drawing is told before the devices room has given the newcomer its own picture."""
    hub = await charging(hub_of)
    await until(lambda: hub.held() == [16, 16])
    newcomer = replace(charger("c0"), station=StationId("other"), fallback_a=20.0)
    hub.draw(one_fuse(32, newcomer, charger("c1", min_a=6.0, max_a=16.0)))
    hub.bus.publish(DrawingChanged())
    await until(lambda: hub.picture.grants["c0"].limiter is Limiter.STARTING)
    hub.picture.chargers[ChargerId("c0")] = LiveCharger(ChargerId("c0"), StationId("other"))
    hub.says("c0", status=Status.CHARGING, held_a=6.0)
    await until(lambda: hub.held() == [20, 12])  # it may give its fallback one day: the other leaves room for that
