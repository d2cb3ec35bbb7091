"""The files that come with evhub: the first configuration, and the blueprints."""

from __future__ import annotations

from pathlib import Path

import hub

FILE = "config.yaml"


def shipped(name: str) -> Path:
    """A shipped file or folder by its name: "config.yaml", "blueprints". In a checkout it is at the top."""
    package = Path(hub.__file__).parent
    places = (package / "_shipped" / name, package.parent / name)
    found = next((place for place in places if place.exists()), None)
    if found is None:
        raise FileNotFoundError(f"{name} did not come with this installation of evhub")
    return found


def place_config(data: Path) -> Path:
    """<data>/config.yaml, copied there from the shipped one if there is none yet. Never overwrites."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    target, fresh = data / FILE, data / f".{FILE}.new"
    if not target.exists():
        fresh.touch(mode=0o600)  # it may come to hold passwords
        fresh.write_bytes(shipped(FILE).read_bytes())
        fresh.rename(target)
    return target
