"""Integrations are found by their manifests, and their code is imported only when it is asked for."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.devices.manifests import config_class, entry, manifests, server_config_class
from hub.model.candidate import Confidence, Kind
from hub.model.errors import BadConfig
from tests.hub.config.files import a_package


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with a_package(tmp_path):
        yield tmp_path


def test_every_folder_with_a_manifest_is_one(folder: Path) -> None:
    (folder / "no_manifest").mkdir()
    found = manifests()
    assert {"demobox", "demodial", "demometer", "ocpp", "openevse", "shelly"} <= found.keys()
    assert list(found) == sorted(found)
    box = found["demobox"]
    assert (box.kind, box.serves, box.default_port) == (Kind.CHARGER, False, 8000)
    assert [(m.type, m.serial_txt, m.confidence) for m in box.zeroconf] == [
        ("_demobox._tcp.local.", "id", Confidence.SURE)
    ]


def test_reading_manifests_imports_no_integration(folder: Path) -> None:
    manifests()
    assert [name for name in sys.modules if name.startswith("integrations.demo")] == []


def test_settings_and_entry_are_imported_when_asked_for(folder: Path) -> None:
    found = manifests()
    assert config_class(found["demobox"])().model_dump() == {"interval_s": 2.0, "password": None}
    assert "integrations.demodial" not in sys.modules
    section = server_config_class(found["demodial"])
    assert section is not None
    assert section().model_dump() == {"port": 8887, "adopt": "ask"}
    assert server_config_class(found["demobox"]) is None
    assert asyncio.run(entry(found["demobox"])("host", "config")) == ("host", "config")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("name: demobox", "name: other"), "its name is 'other', its folder's is 'demobox'"),
        (("kind: charger", "kind: toaster"), "kind"),
        (("transport: HTTP", "transport: [HTTP"), "manifest.yaml"),
        (("serial_txt: id", 'serial_name: "("'), "'(' is no regular expression"),
        (("docs: It", "dogs: It"), "dogs"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_named(folder: Path, change: tuple[str, str], said: str) -> None:
    file = folder / "demobox" / "manifest.yaml"
    file.write_text(file.read_text().replace(*change))
    with pytest.raises(BadConfig) as refused:
        manifests()
    assert str(file) in refused.value.message
    assert said in refused.value.message


def test_settings_of_another_shape_are_refused(folder: Path) -> None:
    (folder / "demobox" / "config.py").write_text("class Config:\n    pass\n")
    with pytest.raises(BadConfig, match="is no IntegrationConfig"):
        config_class(manifests()["demobox"])
