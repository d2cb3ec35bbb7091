"""The contract that every folder under `integrations/` keeps, as functions that raise AssertionError with the reason.

`CHECKS` names them all; a test calls each with each `Integration`. What needs a device is tried against one that is
missing and against one that talks nonsense, on real sockets.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import typing
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, ModuleType

from pydantic import ValidationError
from ruamel.yaml import YAML

from hub.model.candidate import Kind
from hub.model.charger import Capability
from hub.sdk.capabilities import Driver, HoldsLeases, Resets, SetsLimit, StartsAndStops, Unlocks
from hub.sdk.config import IntegrationConfig
from hub.sdk.host import ServerHost, StationHost
from hub.sdk.manifest import Manifest
from hub.sdk.testing.trial import starts_alone, survives_nonsense

PROTOCOLS: Mapping[Capability, type] = MappingProxyType(
    {
        Capability.LIMIT: SetsLimit,
        Capability.START_STOP: StartsAndStops,
        Capability.RESET: Resets,
        Capability.UNLOCK: Unlocks,
        Capability.LEASE: HoldsLeases,
    }
)
OPEN_TO_INTEGRATIONS = ("hub.sdk", "hub.wire", "hub.model")
CLOSED = frozenset({"hub", "simulator", "cloud", "tests", "benchmarks"})
IMPURE_MODULES = frozenset(
    {"aiohttp", "asyncio", "concurrent", "http", "io", "logging", "multiprocessing", "os", "pathlib", "queue", "random"}
    | {"requests", "secrets", "select", "shutil", "socket", "ssl", "subprocess", "sys", "tempfile", "threading", "time"}
    | {"urllib", "zeroconf"}
)
IMPURE_CALLS = frozenset({"open", "print", "input", "now", "utcnow", "today", "getLogger", "monotonic", "sleep"})
COMMON_KEYS = frozenset({"id", "name", "integration", "station", "connector", "circuit", "host", "port", "phases"})


@dataclass(frozen=True, slots=True)
class Integration:
    """One folder under `integrations/` with its manifest for one kind of device. `docs` is the folder of its page."""

    folder: Path
    docs: Path
    manifest: Manifest

    @property
    def package(self) -> str:
        """Its dotted name."""
        return f"{self.folder.parent.name}.{self.folder.name}"

    @property
    def files(self) -> list[Path]:
        """Its sources."""
        return sorted(self.folder.rglob("*.py"))

    def module(self, name: str = "") -> ModuleType:
        """One of its modules, or the package itself."""
        return importlib.import_module(f"{self.package}.{name}" if name else self.package)

    def entry(self) -> Callable[..., Awaitable[Driver]]:
        """The function that starts it."""
        found: Callable[..., Awaitable[Driver]] = getattr(self.module(), self.manifest.entry)
        return found

    def config(self, *, server: bool = False) -> type[IntegrationConfig]:
        """The class of a station's own keys, or of the server's section."""
        name = self.manifest.server_config if server else self.manifest.config
        found: type[IntegrationConfig] = getattr(self.module("config"), str(name))
        return found


def integrations_in(folder: Path, docs: Path) -> list[Integration]:
    """Every integration of a folder, once for each kind of device. A manifest that cannot be used raises here."""
    found = ((file.parent, _manifest(file)) for file in sorted(folder.glob("*/manifest.yaml")))
    return [Integration(place, docs, manifest.as_kind(kind)) for place, manifest in found for kind in manifest.kinds]


def _manifest(file: Path) -> Manifest:
    return Manifest.model_validate(YAML(typ="safe").load(file.read_text(encoding="utf-8")))


# what can be read


async def manifest_is_complete(one: Integration) -> None:
    """It says its name, how to find the device and what it was tried with; every matcher can name a serial."""
    manifest = one.manifest
    _must(manifest.name == one.folder.name, f"manifest.yaml: name is {manifest.name}, the folder is {one.folder.name}")
    _must(bool(manifest.tested), "manifest.yaml: tested is empty; say honestly what it was tried with")
    _must(len(manifest.docs) > 20, "manifest.yaml: docs must be a sentence")
    _must(len(set(manifest.can)) == len(manifest.can), "manifest.yaml: can names something twice")
    _must(manifest.serves == (manifest.server_config is not None), "manifest.yaml: server_config belongs to serves")
    for matcher in manifest.zeroconf:
        _must(
            matcher.type.startswith("_") and matcher.type.endswith(".local."),
            f"{matcher.type} is no DNS-SD type with .local.",
        )


async def files_have_their_names(one: Integration) -> None:
    """The same job has the same file name in every integration; a large protocol may have more files."""
    own = {file.stem for file in one.files}
    wanted = {"__init__", "config", "translate", one.manifest.kind.value} | (
        {"server"} if one.manifest.serves else set()
    )
    _must(wanted <= own, f"{one.package} lacks {', '.join(sorted(wanted - own))}")
    for file in one.files:
        _must(bool(ast.get_docstring(_tree(file))), f"{file.name} does not begin with a sentence for a newcomer")


async def imports_only_what_is_open(one: Integration) -> None:
    """hub.sdk, hub.wire and hub.model, itself, and third-party packages."""
    for file in one.files:
        for name in _imports(file):
            top = name.split(".")[0]
            is_open = _within(name, OPEN_TO_INTEGRATIONS) and not _within(name, ("hub.sdk.testing",))
            _must(top not in CLOSED or is_open, f"{one.folder.name}/{file.name} imports {name}")
            _must(
                top != one.folder.parent.name or _within(name, (one.package,)),
                f"{file.name} imports its sibling {name}",
            )


async def translate_is_pure(one: Integration) -> None:
    """translate.py waits for nothing and looks at no clock, log, file or socket."""
    file = one.folder / "translate.py"
    for name in _imports(file):
        _must(name.split(".")[0] not in IMPURE_MODULES, f"translate.py imports {name}")
        _must(
            name.rpartition(".")[2] not in ("Clock", "Tasks", "Poller", "WebDevice", "listen"),
            f"translate.py imports {name}",
        )
    for node in ast.walk(_tree(file)):
        line = getattr(node, "lineno", 0)
        waits = isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith)
        _must(not waits, f"translate.py:{line} is async")
        if isinstance(node, ast.Call):
            _must(_called(node) not in IMPURE_CALLS, f"translate.py:{line} calls {_called(node)}()")


async def entry_has_the_right_shape(one: Integration) -> None:
    """`async def start(host: StationHost, config: Config) -> Driver`, or with ServerHost and ServerConfig."""
    entry = one.entry()
    serves = one.manifest.serves
    _must(inspect.iscoroutinefunction(entry), f"{one.manifest.entry} is not an async function")
    _must(list(inspect.signature(entry).parameters) == ["host", "config"], "its parameters are not (host, config)")
    hints = typing.get_type_hints(entry)
    host = ServerHost if serves else StationHost
    _must(hints.get("host") is host, f"host is {hints.get('host')}, not {host.__name__}")
    _must(hints.get("config") is one.config(server=serves), f"config is {hints.get('config')}")
    returned = hints.get("return")
    _must(returned is Driver or inspect.iscoroutinefunction(getattr(returned, "stop", None)), f"returns {returned}")


async def configs_are_strict(one: Integration) -> None:
    """Subclasses of IntegrationConfig that forbid the unknown, describe each key, and take no common one.

    They need nothing, unless the manifest has an example of what they need.
    """
    for server in {False, one.manifest.serves}:
        config = one.config(server=server)
        _must(issubclass(config, IntegrationConfig), f"{config.__name__} is no IntegrationConfig")
        _must(_refuses_unknown(config), f"{config.__name__} takes keys that it does not know")
        config.model_validate({} if server else one.manifest.example)
        for key, field in config.model_fields.items():
            _must(bool(field.description), f"{config.__name__}.{key} has no description")
            _must(server or key not in COMMON_KEYS, f"{config.__name__}.{key} is a key of every charger and meter")


async def capabilities_match_the_drivers(one: Integration) -> None:
    """What `can` names is implemented, and what is implemented is named."""
    module = one.module(one.manifest.kind.value)
    classes = [c for c in vars(module).values() if inspect.isclass(c) and c.__module__ == module.__name__]
    for capability, protocol in PROTOCOLS.items():
        able = any(issubclass(c, protocol) for c in classes)
        named = capability in one.manifest.can
        _must(able == named, f"{capability}: {protocol.__name__} implemented: {able}, in the manifest: {named}")
    _must(one.manifest.kind is Kind.CHARGER or not one.manifest.can, "a meter can be asked for nothing")


async def page_names_every_key(one: Integration) -> None:
    """docs/reference/integrations/<name>.md exists and has each key of the configuration in it."""
    page = one.docs / f"{one.manifest.name}.md"
    _must(page.exists(), f"there is no {page.name} in {one.docs}")
    text = page.read_text(encoding="utf-8")
    for server in {False, one.manifest.serves}:
        for key in one.config(server=server).model_fields:
            _must(f"`{key}`" in text, f"{page.name} does not explain `{key}`")


# what must be tried


async def starts_without_its_device(one: Integration) -> None:
    """It starts, says that the device is away, logs that once, and stops within two seconds."""
    await starts_alone(one.entry(), one.manifest, one.config(server=one.manifest.serves))


async def nonsense_never_raises(one: Integration) -> None:
    """Whatever a device sends, no task fails, and an order ends with an error that has a name."""
    words = [word for file in one.files for word in _words(file)]
    await survives_nonsense(one.entry(), one.manifest, one.config(server=one.manifest.serves), words)


CHECKS: tuple[Callable[[Integration], Awaitable[None]], ...] = (
    manifest_is_complete,
    files_have_their_names,
    imports_only_what_is_open,
    translate_is_pure,
    entry_has_the_right_shape,
    configs_are_strict,
    capabilities_match_the_drivers,
    page_names_every_key,
    starts_without_its_device,
    nonsense_never_raises,
)


def _must(true: bool, why: str) -> None:
    if not true:
        raise AssertionError(why)


def _refuses_unknown(config: type[IntegrationConfig]) -> bool:
    try:
        config.model_validate({"no_such_key": 1})
    except ValidationError:
        return True
    return False


def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def _imports(file: Path) -> Iterator[str]:
    """Absolutely named modules, also inside functions; `from a import b` gives a.b."""
    for node in ast.walk(_tree(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def _called(node: ast.Call) -> str | None:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return None


def _words(file: Path) -> Iterator[str]:
    """Short strings in the source: most are keys of the device's messages."""
    for node in ast.walk(_tree(file)):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and node.value.replace(":", "_").isidentifier()
        ):
            yield node.value
