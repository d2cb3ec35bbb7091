"""For tests of integrations: a clock that a test moves, hosts that record, the contract that every folder must keep.

async with RecordingStationHost(StationId("0123")) as host:
    driver = await start(host, Config())
    await until(lambda: host.of(LimitHeld))
"""

from hub.sdk.testing.broker import RecordingBroker
from hub.sdk.testing.clock import FakeClock, QuickClock, until
from hub.sdk.testing.contract import CHECKS, Integration, integrations_in
from hub.sdk.testing.hosts import RecordingServerHost, RecordingStationHost

__all__ = [
    "CHECKS",
    "FakeClock",
    "Integration",
    "QuickClock",
    "RecordingBroker",
    "RecordingServerHost",
    "RecordingStationHost",
    "integrations_in",
    "until",
]
