"""Listening: a port that is taken is an error with the next step, and nothing stays half open."""

from __future__ import annotations

import pytest
from aiohttp import web

from hub.core.listen import listen
from hub.model.errors import BadConfig, PortInUse


async def test_zero_takes_a_free_port_and_a_second_listener_is_told() -> None:
    first = await listen(web.Application(), "127.0.0.1", 0, setting="web.port")
    with pytest.raises(PortInUse) as told:
        await listen(web.Application(), "127.0.0.1", first.port, setting="web.port")
    assert f"port {first.port} on 127.0.0.1 is used" in told.value.message
    assert "set another web.port" in told.value.next
    await first.close()
    again = await listen(web.Application(), "127.0.0.1", first.port, setting="web.port")
    await again.close()


async def test_an_address_that_is_not_ours_is_a_configuration_error() -> None:
    with pytest.raises(BadConfig) as told:
        await listen(web.Application(), "192.0.2.1", 0, setting="web.port")
    assert "check web.port and its bind address" in told.value.next
