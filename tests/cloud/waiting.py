"""How tests of the operator's side wait."""

import threading
from collections.abc import Callable


def wait_until(holds: Callable[[], bool], within_s: float = 15) -> None:
    """Poll for a condition."""
    pause = threading.Event()
    for _ in range(int(within_s / 0.02)):
        if holds():
            return
        pause.wait(0.02)
    raise AssertionError("it did not come about")
