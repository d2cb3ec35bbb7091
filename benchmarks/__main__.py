"""`make bench`: every measurement of this folder, each a ratio against a raw limit or a peer in the same run.

`python -m benchmarks [NAME…]` runs some of them. What was measured is printed and written, with the machine, to
docs/reference/benchmarks.md; `--dry` only prints. Speeds swing by half on a shared machine, so A and B take turns, and
the median counts.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from benchmarks import allocation, change_to_mqtt, meter_values, page, recorder, start, store

MEASUREMENTS: Mapping[str, Callable[[], list[page.Row]]] = {
    "meter_values": meter_values.run,
    "allocation": allocation.run,
    "change_to_mqtt": change_to_mqtt.run,
    "start": start.run,
    "store": store.run,
    "recorder": recorder.run,
}


def main(arguments: list[str]) -> int:
    """Run the named measurements, or all; 2 for a name that there is none of."""
    names = [word for word in arguments if word != "--dry"]
    unknown = [name for name in names if name not in MEASUREMENTS]
    if unknown:
        print(f"no measurement is called {unknown[0]}; there are: {', '.join(MEASUREMENTS)}", file=sys.stderr)
        return 2
    for name in names or MEASUREMENTS:
        rows = MEASUREMENTS[name]()
        for row in rows:
            wanted = f" (wanted: {row.wanted})" if row.wanted else ""
            print(f"{name}: {row.what}: peer {row.peer}, evhub {row.ours}: {row.ratio}{wanted}", flush=True)
        if "--dry" not in arguments:
            page.write(name, rows)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
