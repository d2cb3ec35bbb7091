"""An operator at a broker of the test's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.operators.config import OperatorConfig
from tests.conftest import Mosquitto
from tests.hub.operators.peer import Peer

HUB = "riverside-12"


@pytest.fixture
def peer(mosquitto: Mosquitto) -> Iterator[Peer]:
    """The operator, connected."""
    operator = Peer(HUB, mosquitto.port)
    operator.start()
    yield operator
    operator.stop()


@pytest.fixture
def acme(mosquitto: Mosquitto) -> OperatorConfig:
    """The operator, as the hub has it in its configuration: from the beginning, as fast as it goes."""
    return OperatorConfig(url=f"mqtt://127.0.0.1:{mosquitto.port}", hub_id=HUB, begin="beginning", most_per_s=100_000)
