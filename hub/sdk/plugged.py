"""Transactions for a device that has none of its own: one from plug-in (or the first sight of a car) to plug-out."""

from __future__ import annotations

from contextlib import suppress

from hub.model.errors import NotKept
from hub.model.session import TransactionStart, TransactionStop
from hub.sdk.host import StationHost


async def keep_transaction(host: StationHost, connector: int, plugged: bool | None, meter_wh: float | None) -> None:
    """Begin or end it as the plug says; None: nobody knows. Call it with each look at the device.

    A database that cannot take it now keeps nobody from reading the device: the next look tries again.
    """
    running, at = host.transaction_of(connector), host.clock.now()
    with suppress(NotKept):
        if plugged is True and running is None and connector in host.chargers:
            await host.transaction_started(TransactionStart(connector=connector, at=at, meter_wh=meter_wh))
        elif plugged is False and running is not None:
            stop = TransactionStop(transaction=running, at=at, meter_wh=meter_wh, reason="EVDisconnected")
            await host.transaction_stopped(stop)
