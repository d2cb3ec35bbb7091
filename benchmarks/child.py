"""A server in a process of its own, whose CPU time the driver asks for between its rounds.

Server and driver each have a core where the machine has two: a charger does not run on the hub's core either, and
whether one of the two interrupts the other would be left to the scheduler.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import socket
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe

Serve = Callable[[Pipe], Coroutine[object, object, None]]


@dataclass(frozen=True, slots=True)
class Child:
    """A running server."""

    pipe: Pipe
    port: int

    def cpu_s(self) -> float:
        """CPU seconds that its process has used so far, all threads."""
        self.pipe.send(True)
        return float(self.pipe.recv())


@contextmanager
def serving(serve: Serve) -> Iterator[Child]:
    """Run `serve` in a new process until the block is left. It must call `until_told` with its port."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_run, args=(serve, theirs), daemon=False)
    process.start()
    try:
        yield Child(ours, ours.recv())
        ours.send(False)
        process.join(20)
    finally:
        if process.is_alive():
            process.kill()
            process.join()


def _run(serve: Serve, pipe: Pipe) -> None:
    on_core(-1)
    asyncio.run(serve(pipe))


def on_core(place: int) -> None:
    """Keep this process on one of the cores that it may use: the first (0) or the last (-1)."""
    if hasattr(os, "sched_setaffinity") and len(cores := sorted(os.sched_getaffinity(0))) > 1:
        os.sched_setaffinity(0, {cores[place]})


@contextmanager
def driver_on_first_core() -> Iterator[None]:
    """While the block lasts, this process leaves the last core to the server."""
    before = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    on_core(0)
    try:
        yield
    finally:
        if before is not None:
            os.sched_setaffinity(0, before)


async def until_told(pipe: Pipe, port: int) -> None:
    """In the server: say the port, then the CPU seconds whenever asked, until told to end."""
    loop = asyncio.get_running_loop()
    pipe.send(port)
    while await loop.run_in_executor(None, pipe.recv):
        pipe.send(time.process_time())


def free_port() -> int:
    """A TCP port of this machine that nobody uses at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
