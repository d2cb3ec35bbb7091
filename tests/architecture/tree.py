"""Where the packages are, for the tests that read the source tree."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
PACKAGES = ("hub", "integrations", "simulator", "cloud")
LAYERS = frozenset({"model", "wire", "core", "sdk", "web", "cli"})  # folders of hub that are no rooms


def rooms() -> list[Path]:
    """The room folders of hub: everything beside its layers."""
    return sorted(f for f in (REPOSITORY / "hub").iterdir() if holds_python(f) and f.name not in LAYERS)


def holds_python(folder: Path) -> bool:
    """Whether this folder holds Python sources, at any depth."""
    return folder.is_dir() and next(folder.rglob("*.py"), None) is not None


def imports(source: Path) -> Iterator[str]:
    """Each absolutely named module that a file imports, also inside functions; `from a import b` gives a and a.b."""
    for node in ast.walk(ast.parse(source.read_text(), str(source))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def tracked(*folders: str) -> list[str]:
    """Every file under these folders, by default under the tree, that git tracks or would track."""
    # safe.directory: in a CI container the checkout often belongs to another user.
    command = [
        "git",
        "-c",
        "safe.directory=*",
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
        *folders,
    ]
    listed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split("\0") if name and (REPOSITORY / name).is_file()]
