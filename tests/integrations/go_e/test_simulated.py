"""A whole hub and a simulated site of two go-e Chargers: they share a fuse, which never carries more than it may."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from hub.app import App
from hub.config.load import load
from hub.model.charger import Status
from hub.model.ids import ChargerId
from hub.sdk.testing import QuickClock, until
from simulator.devices.base import Net
from simulator.devices.go_e import GoE
from simulator.run import Run, running
from simulator.site_file import load_site
from simulator.world.car import CarModel
from simulator.world.world import World

PACE = 10.0
CAR = CarModel("test", phases=3, max_a=16.0, short_a=0.0)
SITE = """
name: Two go-e Chargers
circuits:
  grid: {limit_a: 20}
cars:
  - {name: sedan, phases: 3, max_a: 16}
bays:
  bay-1: {circuit: grid}
  bay-2: {circuit: grid, wiring: [L2, L3, L1]}
devices:
  - {kind: go_e, name: GE1, bays: [bay-1], options: {amp: 8, slow_share: 0.1}}
  - {kind: go_e, name: GE2, bays: [bay-2], options: {amp: 8, version: "51.3"}}
traffic: {busy: 0, occupied_at_start: 0}
"""
CONFIG = """
site: {name: Test}
grid: {limit_a: 20}
web: {port: 0, bind: 127.0.0.1}
ocpp: {port: 0, bind: 127.0.0.1}
mqtt: {enabled: false}
discovery: {enabled: false}
chargers:
"""
ENTRY = "  {bay}: {{integration: go_e, station: '{station}', host: {host}, port: {port}, phases: [{phases}]}}\n"


@asynccontextmanager
async def a_hub(site: Run, folder: Path) -> AsyncIterator[App]:
    """A hub that has both chargers in its drawing."""
    entries = []
    for bay, device in zip(site.world.plan.bays, site.devices.values(), strict=True):
        at, phases = device.describe(), ", ".join(site.world.plan.bays[bay].wiring)
        entries.append(ENTRY.format(bay=bay, station=at.station, host=at.host, port=at.port, phases=phases))
    (folder / "config.yaml").write_text(CONFIG + "".join(entries))
    app = App(load(folder / "config.yaml"), folder, QuickClock(PACE))
    await app.start()
    try:
        yield app
    finally:
        await app.stop()


def drawn_a(site: Run, bay: str) -> float:
    """What really flows."""
    return max(site.world.evses[bay].line_current_a)


async def test_two_share_a_fuse_and_the_one_that_stays_gets_the_rest(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text(SITE)
    world = World(load_site(str(tmp_path / "site.yaml")))
    async with running(world, Net(pace=PACE)) as site, a_hub(site, tmp_path) as hub:
        live = hub.picture.chargers
        for bay in ("bay-1", "bay-2"):
            world.plug(bay, CAR, need_wh=50_000)
        await until(lambda: [drawn_a(site, bay) for bay in ("bay-1", "bay-2")] == [10, 10], within_s=20)
        await until(lambda: all(one.status is Status.CHARGING for one in live.values()))
        world.unplug("bay-1")
        await until(lambda: live[ChargerId("bay-1")].session is None)
        await until(lambda: drawn_a(site, "bay-2") == 16, within_s=20)
        assert world.site.circuits["grid"].worst_a == 0
        for device in site.devices.values():
            assert isinstance(device, GoE)
            assert device.unfiltered == 0
            assert device.settings.flash_writes <= 5
