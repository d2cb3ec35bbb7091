"""A device without transactions of its own: one from plug-in to plug-out, whatever the database does meanwhile."""

from __future__ import annotations

import pytest

from hub.model.errors import NotKept
from hub.model.ids import StationId, TransactionId
from hub.model.session import TransactionStart
from hub.sdk import keep_transaction
from hub.sdk.testing import RecordingStationHost


class FullHost(RecordingStationHost):
    """One whose database takes nothing as long as `is_full`."""

    is_full = True

    async def transaction_started(self, start: TransactionStart) -> TransactionId:
        if self.is_full:
            raise NotKept("the disk is full", "make room")
        return await super().transaction_started(start)


def host_of(kind: type[RecordingStationHost] = RecordingStationHost) -> RecordingStationHost:
    return kind(StationId("S1"))


@pytest.mark.parametrize(
    ("looks", "starts", "stops"),
    [
        ([False, None], 0, 0),
        ([True, True, None], 1, 0),
        ([True, None, False, False], 1, 1),
        ([True, False, True], 2, 1),
    ],
)
async def test_it_follows_the_plug(looks: list[bool | None], starts: int, stops: int) -> None:
    async with host_of() as host:
        for plugged in looks:
            await keep_transaction(host, 1, plugged, 1000.0)
        assert (len(host.starts), len(host.stops)) == (starts, stops)


async def test_an_outlet_that_is_not_drawn_has_none() -> None:
    async with host_of() as host:
        await keep_transaction(host, 2, True, 1000.0)
        assert host.starts == []


async def test_a_full_disk_keeps_nobody_from_reading_the_device() -> None:
    host = host_of(FullHost)
    async with host:
        await keep_transaction(host, 1, True, 1000.0)
        assert host.starts == []
        FullHost.is_full = False
        await keep_transaction(host, 1, True, 1000.0)
        assert len(host.starts) == 1
