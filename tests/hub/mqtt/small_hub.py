"""A hub of one room as a process of its own, to be killed: `python -m tests.hub.mqtt.small_hub DATA PORT`."""

import asyncio
import sys
from pathlib import Path

from hub.mqtt.config import MqttConfig
from tests.hub.mqtt.conftest import running


async def main() -> None:
    """Run for ever."""
    async with running(MqttConfig(port=int(sys.argv[2])), Path(sys.argv[1])):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
