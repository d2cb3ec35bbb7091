"""Listening without a hub: what `evhub discover` finds in a few seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from hub.core.clock import SystemClock
from hub.discovery.browser import Browser, Heard
from hub.discovery.match import Announcement, match, types_of
from hub.discovery.sightings import Sightings
from hub.model.candidate import Candidate
from hub.sdk.manifest import Manifest


async def listen_for(
    seconds: float, manifests: Mapping[str, Manifest], interfaces: tuple[str, ...] = ()
) -> list[Candidate]:
    """Listen for so long and answer what was found, by station; on all interfaces but loopback when none is named."""
    clock, sightings = SystemClock(), Sightings()

    def seen(announced: Announcement) -> None:
        candidate = match(announced, manifests.values(), clock.now())
        if candidate is not None:
            sightings.seen(announced, candidate)

    browser = Browser(types_of(manifests.values()), interfaces, Heard(seen, sightings.gone))
    await browser.start()
    try:
        await asyncio.sleep(seconds)
    finally:
        await browser.stop()
    return [candidate for _, candidate in sorted(sightings.candidates().items())]
