"""Lets the world pass along the loop's clock."""

from __future__ import annotations

import asyncio
from typing import NoReturn

from simulator.world.world import World

STEP_S = 0.1


async def tick(world: World, pace: float = 1.0) -> NoReturn:
    """Step the world every 0.1 s of its time, `pace` times as fast as the clock; a late loop catches up."""
    clock = asyncio.get_running_loop().time
    begun_s = clock()
    steps = 0
    while True:
        while steps * STEP_S < (clock() - begun_s) * pace:
            world.step(STEP_S)
            steps += 1
        await asyncio.sleep(STEP_S / pace)
