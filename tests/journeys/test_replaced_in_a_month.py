"""A month of a bay whose charger is replaced in mid-month and mid-charge: history, sessions and totals say the same."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.core.orders import Caller, Envelope
from hub.model.charger import Charger, Status
from hub.model.person import EVERYBODY
from hub.model.reading import ChargerStatus
from hub.model.session import TransactionStart, TransactionStop
from hub.sessions.api import Log
from hub.sessions.service import Sessions
from tests.hub.recorder.desk import BAY, Desk, charging, desk, drawing

BEGIN = datetime(2026, 4, 1, tzinfo=UTC)
HOUR_S = 3600
CHARGES_AT_H, FOR_S = 8, 2 * HOUR_S
AMPS = 16.0
WATTS = AMPS * 690
REPLACED_ON = 15  # the fifteenth, an hour into the charge
A_CHARGE_WH = WATTS * FOR_S / 3600


class Bay:
    """The bay with whatever station stands there, and what truly flowed."""

    def __init__(self, at: Desk, sessions: Sessions) -> None:
        self.at, self.sessions = at, sessions
        self.register_wh = 1_000_000.0
        self.true_wh = 0.0

    @property
    def drawn(self) -> Charger:
        return self.at.picture.site.chargers[BAY]

    async def idle(self, seconds: int) -> None:
        """Nothing happens, every quarter of an hour."""
        await self.at.passes(seconds, 900, lambda passed_s: self._shown(0.0))

    async def charge(self, seconds: int) -> None:
        """It draws, and says so every five minutes."""

        def flows(passed_s: int) -> None:
            self.register_wh += WATTS * 300 / 3600
            self.true_wh += WATTS * 300 / 3600
            self._shown(AMPS)
            self.sessions.heard(self.drawn, charging(AMPS, self.register_wh, self.at.clock.now()).reading)  # type: ignore[arg-type]

        await self.at.passes(seconds, 300, flows)

    async def day(self) -> None:
        """Idle, one charge, idle until midnight."""
        await self.idle(CHARGES_AT_H * HOUR_S)
        number = await self.begin()
        await self.charge(FOR_S)
        await self.end(number)
        await self.idle((24 - CHARGES_AT_H) * HOUR_S - FOR_S)

    async def begin(self) -> int:
        """A car comes and a transaction begins."""
        self._says(Status.PREPARING)
        start = TransactionStart(connector=1, at=self.at.clock.now(), token="ANNE", meter_wh=self.register_wh)
        number = await self.sessions.started(self.drawn, start)
        self._says(Status.CHARGING)
        return number

    async def end(self, number: int) -> None:
        """It ends, and the car leaves."""
        stop = TransactionStop(
            transaction=number,  # type: ignore[arg-type]
            at=self.at.clock.now(),
            meter_wh=self.register_wh,
            reason="EVDisconnected",
        )
        await self.sessions.stopped(self.drawn.station, stop)
        self._says(Status.AVAILABLE)

    async def replace(self) -> None:
        """Another station takes the place of this one, with a register of its own."""
        old = self.drawn.station
        self.at.picture.site = drawing("S2")
        await self.sessions.end_all(BAY, old, "replaced")
        self.register_wh = 50.0
        self._shown(0.0)

    def _shown(self, amps: float) -> None:
        self.at.charges(amps, self.register_wh)

    def _says(self, status: Status) -> None:
        self.at.picture.chargers[BAY].status = status
        self.sessions.heard(self.drawn, ChargerStatus(at=self.at.clock.now(), status=status))


@pytest.mark.timeout(180)
async def test_history_sessions_and_totals_of_the_month_are_one(tmp_path: Path) -> None:
    async with desk(tmp_path, begins=BEGIN) as at:
        sessions = Sessions(at.picture, at.bus, at.store, at.clock)
        Log(sessions, at.store, at.clock, lambda: "UTC").offer(at.orders)
        await sessions.start()
        bay = Bay(at, sessions)
        bay._shown(0.0)
        at.recorder.look()
        for day in range(1, 31):
            if day != REPLACED_ON:
                await bay.day()
                continue
            await bay.idle(CHARGES_AT_H * HOUR_S)
            await bay.begin()
            await bay.charge(FOR_S // 2)
            await bay.replace()
            await bay.idle(HOUR_S)  # the electrician
            number = await bay.begin()
            await bay.charge(FOR_S)
            await bay.end(number)
            await bay.idle((24 - CHARGES_AT_H - 1) * HOUR_S - FOR_S // 2 - FOR_S)

        months = await _asked(at, "sessions.list", **{"from": "2026-04-01", "to": "2026-05-01", "limit": 100})
        month = (await _rows(at, "month"))[0]
        days = (await _rows(at, "day"))[:30]  # the clock stands at the midnight after, and now belongs to the span
        await sessions.stop()

    assert bay.true_wh == pytest.approx(30.5 * A_CHARGE_WH)
    energies = [one["energy_wh"] for one in months["sessions"]]
    assert len(energies) == 31  # the fifteenth has two
    assert sum(energies) == pytest.approx(bay.true_wh, abs=31)
    assert months["totals"][0]["energy_wh"] == pytest.approx(bay.true_wh, abs=31)
    assert month["chargers"]["bay-1"] == pytest.approx(bay.true_wh, abs=31)
    assert {one["station"] for one in months["sessions"]} == {"S1", "S2"}
    (cut,) = [one for one in months["sessions"] if one["reason"] == "replaced"]
    assert (cut["station"], cut["energy_wh"]) == ("S1", pytest.approx(A_CHARGE_WH / 2, abs=1))
    by_day = [row["chargers"]["bay-1"] for row in days]
    assert by_day == [pytest.approx(A_CHARGE_WH * (1.5 if day == REPLACED_ON else 1.0), abs=2) for day in range(1, 31)]


async def _asked(at: Desk, name: str, **args: object) -> dict[str, list[dict[str, object]]]:
    reply = await at.orders.answer(Envelope(name, args), Caller("test", "cli", EVERYBODY))
    assert reply.error is None, reply.error
    return dict(reply.result or {})  # type: ignore[arg-type]


async def _rows(at: Desk, by: str) -> list[dict[str, dict[str, float]]]:
    found = await _asked(at, "history.totals", **{"from": "2026-04-01", "to": "2026-05-01", "by": by})
    return found["rows"]  # type: ignore[return-value]
