"""`python -m simulator` as a process of its own: the ready line, the control surface, the report, a clean end."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.simulator.devices.csms import central_system, until


@dataclass
class Playing:
    """A running simulator: its process, its ready line, and its control surface."""

    process: Process
    ready: dict[str, Any]
    http: aiohttp.ClientSession

    async def truth(self) -> dict[str, Any]:
        async with self.http.get(f"{self.ready['control']}/truth") as response:
            truth: dict[str, Any] = await response.json()
            return truth

    async def order(self, path: str, **body: object) -> tuple[int, dict[str, Any]]:
        async with self.http.post(f"{self.ready['control']}/{path}", json=body) as response:
            return response.status, await response.json()

    async def end(self) -> dict[str, Any]:
        """Its last line, when it has ended well."""
        assert self.process.stdout is not None
        async with asyncio.timeout(10):
            rest = (await self.process.stdout.read()).decode().splitlines()
            assert await self.process.wait() == 0
        last: dict[str, Any] = json.loads(rest[-1])
        return last


@asynccontextmanager
async def playing(*words: str) -> AsyncIterator[Playing]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulator", *words, "--with-parent", stdin=PIPE, stdout=PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30):
            ready = json.loads(await process.stdout.readline())
        async with aiohttp.ClientSession() as http:
            yield Playing(process, ready, http)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_two_cars_charge_and_the_report_tells_the_truth(tmp_path: Path) -> None:
    report = tmp_path / "report.jsonl"
    async with central_system() as csms:
        url = f"ws://127.0.0.1:{csms.port}/ocpp"
        async with playing("two", "--ocpp", url, "--suffix", "abcd", "--report", str(report)) as sim:
            assert [(b["bay"], b["station"], b["connector"]) for b in sim.ready["bays"]] == [
                ("bay-1", "TWO-CP01-abcd", 1),
                ("bay-2", "TWO-CP02-abcd", 1),
            ]
            assert sim.ready["bays"][1]["phases"] == ["L2", "L3", "L1"]
            await until(lambda: len(csms.all("StartTransaction")) == 2, within_s=15)
            async with asyncio.timeout(15):
                while (await sim.truth())["circuits"]["grid"]["worst_overload_a"] < 1:
                    await asyncio.sleep(0.1)
            sim.process.send_signal(signal.SIGTERM)
            summary = await sim.end()
    lines = [json.loads(line) for line in report.read_text().splitlines()]
    assert summary["circuits"]["grid"]["worst_overload_a"] >= 1
    assert lines[-1]["circuits"] == summary["circuits"]
    assert lines[0]["bays"]["bay-1"]["iec"] == "B"
    assert max(line["bays"]["bay-2"]["offered_a"] for line in lines[:-1]) == 32


async def test_orders_to_the_world_and_refusals() -> None:
    async with playing("two", "--start", "12:30", "--ocpp", "ws://127.0.0.1:9/ocpp") as sim:
        assert (await sim.truth())["world_time"] == "day 1 12:30"
        assert await sim.order("unplug", bay="bay-1") == (200, {"ok": True})
        assert (await sim.order("unplug", bay="bay-1"))[0] == 409
        status, _ = await sim.order("car", bay="bay-1", phases=1, max_a=16, need_wh=500)
        assert status == 200
        assert (await sim.order("car", bay="bay-1"))[0] == 409
        assert (await sim.order("car", bay="bay-1", phases=5))[0] == 400
        assert (await sim.order("car", bay="nowhere"))[0] == 409
        assert (await sim.order("fault", device="nowhere", fault="offline"))[0] == 409
        assert await sim.order("fault", device="TWO-CP01", fault="offline", for_s=1) == (200, {"ok": True})
        assert (await sim.order("fault", device="bay-2", fault="ground_failure", for_s=0.3))[0] == 200
        assert (await sim.order("house", extra_a=[0, 20, 0]))[0] == 200
        truth = await sim.truth()
        assert (truth["bays"]["bay-2"]["iec"], truth["bays"]["bay-2"]["fault"]) == ("F", "GroundFailure")
        assert truth["bays"]["bay-1"]["car"]["phases"] == 1
        assert truth["house_a"] == [0, 20, 0]
        async with asyncio.timeout(5):
            while (await sim.truth())["bays"]["bay-2"]["fault"] is not None:
                await asyncio.sleep(0.05)


async def test_it_ends_with_its_parent_and_after_its_duration() -> None:
    async with playing("two") as sim:
        assert sim.process.stdin is not None
        sim.process.stdin.close()
        assert (await sim.end())["summary"] is True
    async with playing("two", "--duration", "0.2") as sim:
        assert (await sim.end())["summary"] is True


async def test_a_bad_site_file_ends_with_a_sentence(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "simulator", "nowhere", stderr=PIPE)
    _, said = await process.communicate()
    assert process.returncode == 2
    assert said.decode().startswith("there is no site file 'nowhere'")
