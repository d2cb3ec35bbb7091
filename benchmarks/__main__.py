"""`make bench`: every measurement of this folder, each a ratio against a raw limit or a peer in the same run.

`python -m benchmarks [NAME…]` runs some of them. Speeds swing by half on a shared machine, so A and B take turns, and
the median counts.
"""

from __future__ import annotations

import sys

from benchmarks import meter_values, recorder, store

MEASUREMENTS = {"meter_values": meter_values.run, "store": store.run, "recorder": recorder.run}


def main(names: list[str]) -> int:
    """Run the named measurements, or all; 2 for a name that there is none of."""
    unknown = [name for name in names if name not in MEASUREMENTS]
    if unknown:
        print(f"no measurement is called {unknown[0]}; there are: {', '.join(MEASUREMENTS)}", file=sys.stderr)
        return 2
    for name in names or MEASUREMENTS:
        print(f"{name}: {MEASUREMENTS[name]()}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
