"""The configuration's tests know three integrations of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.config.files import a_package


@pytest.fixture(autouse=True)
def known_integrations(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("integrations")
    with a_package(folder):
        yield folder
