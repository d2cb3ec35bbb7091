"""In a room only the files on one short list may wait, look at a clock, log or open anything; all others are pure.

And the linters can see everything: every folder of sources is a package, and hub names no integration.
"""

import ast
from pathlib import Path

import pytest

from tests.architecture.tree import PACKAGES, REPOSITORY, holds_python, imports, rooms

# What may touch the world in any room: the door, the SQL, the HTTP, the settings.
IMPURE_ANYWHERE = frozenset({"service.py", "store.py", "api.py", "config.py"})
# The connections to the outside, room by room.
IMPURE_IN = {
    "access": frozenset({"args.py", "secrets.py"}),  # shapes of orders; chance, and threads that hash
    "config": frozenset({"drawing.py", "file.py", "zone.py"}),  # orders write the file; the machine's time zone
    "devices": frozenset({"commands.py", "host.py"}),  # orders are served, drivers are hosted
    "discovery": frozenset({"browser.py", "discover.py"}),
    "mqtt": frozenset({"amqtt_child.py", "broker.py"}),
    "operators": frozenset({"by_https.py", "by_mqtt.py", "commands.py", "uplink.py", "ways.py"}),
}
FORBIDDEN_MODULES = frozenset(
    {
        "aiohttp",
        "asyncio",
        "concurrent",
        "http",
        "io",
        "logging",
        "multiprocessing",
        "os",
        "paho",
        "queue",
        "random",
        "secrets",
        "select",
        "shutil",
        "signal",
        "socket",
        "socketserver",
        "ssl",
        "subprocess",
        "tempfile",
        "threading",
        "time",
        "urllib",
        "zeroconf",
    }
)
# The parts of the core that do something; its values (hub.core.state's picture of a charger) may be named.
FORBIDDEN_CORE = frozenset(
    {
        "hub.core.bus",
        "hub.core.clock",
        "hub.core.journal",
        "hub.core.keep",
        "hub.core.listen",
        "hub.core.log",
        "hub.core.mqtt_link.client",
        "hub.core.mqtt_link.link",
        "hub.core.orders",
        "hub.core.store",
        "hub.core.tasks",
    }
)
FORBIDDEN_CALLS = frozenset({"open", "print", "input", "now", "utcnow", "today", "getLogger", "monotonic"})


def pure_files() -> list[Path]:
    return [
        file
        for room in rooms()
        for file in sorted(room.rglob("*.py"))
        if file.name not in IMPURE_ANYWHERE | IMPURE_IN.get(room.name, frozenset())
    ]


def impurities(source: Path) -> list[str]:
    """Each reason why a file is not pure, with its line."""
    tree = ast.parse(source.read_text(), str(source))
    found = [f"imports {name}" for name in imports(source) if _is_forbidden(name)]
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith):
            found.append(f"{node.lineno}: {type(node).__name__}")
        elif isinstance(node, ast.Call) and _called(node) in FORBIDDEN_CALLS:
            found.append(f"{node.lineno}: calls {_called(node)}()")
    return found


def _is_forbidden(module: str) -> bool:
    parts = module.split(".")
    prefixes = {".".join(parts[:n]) for n in range(1, len(parts) + 1)}
    return bool(prefixes & (FORBIDDEN_MODULES | FORBIDDEN_CORE))


def _called(node: ast.Call) -> str | None:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return None


@pytest.mark.parametrize("source", pure_files(), ids=lambda source: str(source.relative_to(REPOSITORY)))
def test_a_file_of_a_room_is_pure(source: Path) -> None:
    assert impurities(source) == []


@pytest.mark.parametrize(
    "text",
    [
        "async def f(): ...",
        "import asyncio",
        "from asyncio import Queue",
        "def f():\n    import time",
        "from datetime import datetime\nNOW = datetime.now()",
        "import logging\nLOG = logging.getLogger()",
        "import socket",
        "open('x')",
        "from hub.core import bus",
    ],
)
def test_an_impure_file_is_noticed(tmp_path: Path, text: str) -> None:
    (tmp_path / "allocate.py").write_text(text)
    assert impurities(tmp_path / "allocate.py")


def test_a_pure_file_is_content(tmp_path: Path) -> None:
    (tmp_path / "allocate.py").write_text(
        "from datetime import datetime\n\ndef f(at: datetime) -> float:\n    return 6.0"
    )
    assert impurities(tmp_path / "allocate.py") == []


def test_every_folder_with_sources_is_a_package() -> None:
    folders = [f for package in PACKAGES for f in [REPOSITORY / package, *(REPOSITORY / package).rglob("*/")]]
    without = [str(f.relative_to(REPOSITORY)) for f in folders if holds_python(f) and not (f / "__init__.py").exists()]
    assert without == []


def test_hub_names_no_integration_and_no_simulator() -> None:
    strangers = [
        f"{file.relative_to(REPOSITORY)} imports {name}"
        for file in sorted((REPOSITORY / "hub").rglob("*.py"))
        for name in imports(file)
        if name.split(".")[0] in {"integrations", "simulator"}
    ]
    assert strangers == []


def test_the_list_of_impure_files_names_files_that_exist() -> None:
    listed = {f"hub/{room}/{name}" for room, names in IMPURE_IN.items() for name in names}
    assert {path for path in listed if not (REPOSITORY / path).exists()} == set()
