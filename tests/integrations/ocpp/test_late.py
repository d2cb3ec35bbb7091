"""Samples that a charger took while it was offline, and sends when it is back: history, and no news."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from hub.model.facts import Fact, ReadingCameLate
from hub.sdk.testing import until
from tests.integrations.ocpp.harness import small_hub
from tests.integrations.ocpp.scripted import sampled


async def test_old_samples_go_past_the_live_picture(tmp_path: Path) -> None:
    late: list[ReadingCameLate] = []

    async def hear(fact: Fact) -> None:
        assert isinstance(fact, ReadingCameLate)
        late.append(fact)

    async with small_hub(tmp_path) as hub:
        hub.bus.listen("late", (ReadingCameLate,), hear)
        charger = await hub.connected()
        await charger.meter(sampled("Energy.Active.Import.Register", 16_000))
        await until(lambda: hub.live().reading is not None)
        taken = [datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=m) for m in (30, 25, 20)]
        for number, at in enumerate(taken):
            await charger.meter(sampled("Energy.Active.Import.Register", 9000 + number), at=at.isoformat())
        await until(lambda: len(late) == 3)
        assert [(fact.charger, fact.reading.at, fact.reading.energy_wh) for fact in late] == [
            ("bay-1", at, 9000 + number) for number, at in enumerate(taken)
        ]
        reading = hub.live().reading
        assert reading is not None
        assert reading.energy_wh == 16_000
