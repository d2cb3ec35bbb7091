"""A sessions room in a process of its own, made to be killed: a line of JSON in, and its answer out.

`python -m tests.hub.sessions.mortal FOLDER`
"""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import datetime
from pathlib import Path

from hub.core.bus import Bus
from hub.core.clock import SystemClock
from hub.core.database import StoreConfig, url_of
from hub.core.store import Store
from hub.model.ids import TransactionId
from hub.model.reading import ChargerReading
from hub.model.session import TransactionStart, TransactionStop
from hub.sessions.service import Sessions
from tests.hub.sessions.bench import CHARGER, CP, picture


async def main(folder: Path) -> None:
    """Serve until the input ends, or somebody kills this."""
    config, clock = StoreConfig(), SystemClock()
    store = Store(url_of(config, folder), config, clock, lambda fact: None)
    await store.start("mortal")
    room = Sessions(picture(), Bus(), store, clock)
    await room.start()
    say("ready")
    while line := await asyncio.to_thread(sys.stdin.readline):
        said = json.loads(line)
        at, wh = datetime.fromisoformat(said["at"]), said["wh"]
        answer: object = None
        if said["what"] == "start":
            start = TransactionStart(connector=1, at=at, token=said["token"], meter_wh=wh)
            answer = await room.started(CHARGER, start)
        elif said["what"] == "stop":
            number = TransactionId(said["number"])
            await room.stopped(CP, TransactionStop(transaction=number, at=at, meter_wh=wh))
        else:
            room.heard(CHARGER, ChargerReading(at=at, energy_wh=wh))
        say(answer)


def say(answer: object) -> None:
    """A line of JSON."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
