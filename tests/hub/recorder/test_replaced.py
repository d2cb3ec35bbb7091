"""A charger is replaced in mid-month, over the wire: its bay's history goes on, and totals agree with the sessions."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.model.facts import SessionEnded
from hub.recorder.api import History
from hub.recorder.config import RecorderConfig
from hub.recorder.service import Recorder
from hub.sdk.testing import FakeClock, until
from tests.integrations.ocpp.harness import SmallHub, bay, small_hub
from tests.integrations.ocpp.scripted import Scripted, sampled

REGISTER = "Energy.Active.Import.Register"


async def test_totals_agree_with_the_sessions_of_both_devices(tmp_path: Path) -> None:
    async with small_hub(tmp_path) as hub:
        clock = FakeClock(datetime.now(UTC).replace(microsecond=0))
        recorder = Recorder(hub.picture, hub.bus, hub.store, clock, RecorderConfig())
        history = History(recorder, hub.picture, hub.orders, lambda: "Europe/Brussels")
        await recorder.start()
        await history.start()

        def look() -> None:
            clock.jump(1)
            recorder.look()

        first = await hub.connected()
        look()
        await charge(hub, first, look, begins=1000, between=1200, ends=1500)
        await first.hang_up()
        await hub.draw(bay(1, "CP2"))
        look()
        second = hub.charger("CP2")
        await second.dial()
        await second.boot()
        await hub.online()
        look()
        await charge(hub, second, look, begins=1400, between=1600, ends=1700)  # it had been used somewhere else
        total = await result(hub, "history.totals")
        assert total["rows"][0]["chargers"] == {"bay-1": 500 + 300}
        assert [ended.energy_wh for ended in hub.told(SessionEnded)] == [500, 300]
        rows = await result(hub, "history.query", of="bay-1", every="1d", what="energy")
        assert sum(row[2] for row in rows["rows"]) == 800
        await recorder.stop()


async def charge(hub: SmallHub, charger: Scripted, look: Any, *, begins: int, between: int, ends: int) -> None:
    """A session; the car leaves before anybody looked at its last register."""
    ended = len(hub.told(SessionEnded))
    await charger.status("Charging")
    transaction = await charger.start(meterStart=begins)
    look()
    await charger.meter(sampled(REGISTER, between), transactionId=transaction)
    await until(lambda: (reading := hub.live().reading) is not None and reading.energy_wh == between)
    look()
    await charger.stop(transaction, meter=ends)
    await charger.status("Available")
    await until(lambda: len(hub.told(SessionEnded)) == ended + 1)
    await hub.bus.drained()
    look()


async def result(hub: SmallHub, name: str, **args: object) -> dict[str, Any]:
    """An order's result."""
    reply = await hub.order(name, **args)
    assert reply.error is None, reply.error
    return dict(reply.result or {})
