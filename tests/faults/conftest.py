"""One running site for all faults that leave it whole, settled before each; and nothing ugly in its log after each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.site import Listener, Site, noise_in, site, wait_until


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("faults")) as whole:
        whole.settle()
        yield whole


@pytest.fixture
def settled(running: Site) -> Iterator[Site]:
    """The site as before any fault, whatever an earlier test left behind."""
    running.mend()
    wait_until(running.full, 90, "the main fuse gives what it can")
    running.settle()
    before = len(running.log)
    yield running
    assert noise_in(running.log[before:]) == []


@pytest.fixture
def listener(settled: Site) -> Iterator[Listener]:
    client = Listener(settled.mqtt_port)
    yield client
    client.close()
