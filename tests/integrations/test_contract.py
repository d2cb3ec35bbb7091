"""Every integration keeps the contract of `hub.sdk.testing`, and the contract notices one that does not."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from textwrap import dedent

import pytest

from hub.sdk.testing import CHECKS, Integration, integrations_in

REPOSITORY = Path(__file__).parents[2]
FOLDER = REPOSITORY / "integrations"
DOCS = REPOSITORY / "docs" / "reference" / "integrations"
INTEGRATIONS = integrations_in(FOLDER, DOCS)

Check = Callable[[Integration], Awaitable[None]]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("one", INTEGRATIONS, ids=lambda one: f"{one.manifest.name}-{one.manifest.kind}")
async def test_an_integration_keeps_the_contract(one: Integration, check: Check) -> None:
    await check(one)


def test_every_folder_has_a_manifest() -> None:
    folders = {file.parent.name for file in FOLDER.glob("*/*.py")}
    assert folders == {one.folder.name for one in INTEGRATIONS}


# --- the contract itself: a good integration in a folder of its own, and each way in which it can be spoilt

GOOD = {
    "manifest.yaml": """
        name: lamp
        title: A lamp
        kind: charger
        transport: HTTP
        can: [limit]
        docs: It is found by looking where the light is.
        tested: [{device: none, firmware: "0", how: not at all}]
        """,
    "__init__.py": """
        '''A lamp.'''
        from lamps.lamp.charger import start
        """,
    "config.py": """
        '''Its keys.'''
        from pydantic import Field
        from hub.sdk import IntegrationConfig
        class Config(IntegrationConfig):
            '''Its own keys.'''
            colour: str = Field(default="red", description="what it shines")
        """,
    "translate.py": """
        '''Its words.'''
        def amps(said: object) -> float:
            return float(said) if isinstance(said, float) else 0.0
        """,
    "charger.py": """
        '''Its driver.'''
        import asyncio
        import json
        from hub.sdk import Driver, Poller, StationHost, Unreachable
        from lamps.lamp.config import Config
        async def start(host: StationHost, config: Config) -> Driver:
            return Lamp(host)
        class Lamp:
            def __init__(self, host: StationHost) -> None:
                self.host = host
                self.task = host.tasks.keep("poll", Poller(host, self.poll, 1.0).run)
            async def poll(self) -> None:
                async with self.host.http.get(f"http://{self.host.address()}/status") as answer:
                    text = await answer.text(errors="replace")
                    self.take(text)
            def take(self, text: str) -> None:
                try:
                    json.loads(text)
                except ValueError:
                    raise Unreachable("no JSON") from None
            async def stop(self) -> None:
                self.task.cancel()
                await asyncio.gather(self.task, return_exceptions=True)
            async def set_limit(self, connector: int, limit_a: float) -> float:
                raise Unreachable("it is only a lamp")
        """,
}
PAGE = "# Lamp\n\n`colour`: what it shines\n"


def a_lamp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoilt: dict[str, tuple[str, str]]) -> Integration:
    """The lamp in a folder of its own; `spoilt` names a file, and what to replace in it by what."""
    name = re.sub(r"\W", "", tmp_path.name)  # a package of its own for each test
    folder = tmp_path / name / "lamp"
    folder.mkdir(parents=True)
    for file, text in GOOD.items():
        old, new = spoilt.get(file, ("", ""))
        fresh = dedent(text).strip().replace("lamps.", f"{name}.") + "\n"
        assert old in fresh
        (folder / file).write_text(fresh.replace(old, new) if old else fresh)
    old, new = spoilt.get("lamp.md", ("", ""))
    (tmp_path / "lamp.md").write_text(PAGE.replace(old, new) if old else PAGE)
    monkeypatch.syspath_prepend(str(tmp_path))
    return integrations_in(tmp_path / name, tmp_path)[0]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
async def test_a_good_integration_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, check: Check) -> None:
    await check(a_lamp(tmp_path, monkeypatch, {}))


@pytest.mark.parametrize(
    ("check", "spoilt"),
    [
        ("manifest_is_complete", ("manifest.yaml", "name: lamp", "name: torch")),
        ("manifest_is_complete", ("manifest.yaml", "tested: [{device: none, firmware: '0', how: not at all}]", "")),
        ("manifest_is_complete", ("manifest.yaml", "title:", "zeroconf: [{type: _lamp._tcp}]\ntitle:")),
        ("files_have_their_names", ("charger.py", "'''Its driver.'''", "")),
        ("imports_only_what_is_open", ("charger.py", "import json", "import json\nimport hub.core.bus")),
        ("imports_only_what_is_open", ("charger.py", "import json", "import json\nfrom hub.sdk import testing")),
        ("imports_only_what_is_open", ("charger.py", "import json", "import json\nfrom simulator import world")),
        ("translate_is_pure", ("translate.py", "def amps", "import logging\ndef amps")),
        ("translate_is_pure", ("translate.py", "def amps", "from hub.sdk import Clock\ndef amps")),
        ("translate_is_pure", ("translate.py", "def amps", "async def amps")),
        ("translate_is_pure", ("translate.py", "return float", "print(said)\n    return float")),
        ("entry_has_the_right_shape", ("charger.py", "async def start", "def start")),
        ("entry_has_the_right_shape", ("charger.py", "host: StationHost, config: Config)", "host: StationHost)")),
        ("entry_has_the_right_shape", ("charger.py", "config: Config)", "config: object)")),
        ("configs_are_strict", ("config.py", "    colour", "    model_config = {'extra': 'ignore'}\n    colour")),
        ("configs_are_strict", ("config.py", "description", "title")),
        ("configs_are_strict", ("config.py", "colour: str", "host: str")),
        ("capabilities_match_the_drivers", ("manifest.yaml", "can: [limit]", "can: [limit, unlock]")),
        ("capabilities_match_the_drivers", ("manifest.yaml", "can: [limit]", "can: []")),
        ("page_names_every_key", ("lamp.md", "`colour`", "colour")),
        (
            "starts_without_its_device",
            ("charger.py", "return Lamp(host)", "await asyncio.sleep(5)\n    return Lamp(host)"),
        ),
        ("starts_without_its_device", ("charger.py", "self.task.cancel()", "await asyncio.sleep(5)")),
        ("starts_without_its_device", ("charger.py", "    async with", "    return\n        async with")),
        ("nonsense_never_raises", ("charger.py", "json.loads(text)", "json.loads(text)['state']")),
        ("nonsense_never_raises", ("charger.py", "except ValueError", "except KeyError")),
        ("nonsense_never_raises", ("charger.py", "raise Unreachable('it is only a lamp')", "return 1 / 0")),
    ],
)
async def test_a_spoilt_one_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, check: str, spoilt: tuple[str, str, str]
) -> None:
    run = next(c for c in CHECKS if c.__name__ == check)
    file, old, new = spoilt
    quoted = old.replace("'", '"') if old not in dedent(GOOD.get(file, PAGE)) else old
    with pytest.raises((AssertionError, ZeroDivisionError, TimeoutError)):
        await run(a_lamp(tmp_path, monkeypatch, {file: (quoted, new)}))
