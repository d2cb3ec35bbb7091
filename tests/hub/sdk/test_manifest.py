"""A manifest is strict: what it does not know is an error."""

import pytest
from pydantic import ValidationError

from hub.sdk import Capability, Confidence, Kind, Manifest

LAMP: dict[str, object] = {
    "name": "lamp",
    "title": "A lamp",
    "kind": "charger",
    "transport": "HTTP",
    "docs": "Look where the light is.",
}


def test_a_small_one() -> None:
    manifest = Manifest.model_validate(
        {**LAMP, "can": ["limit"], "zeroconf": [{"type": "_lamp._tcp.local.", "serial_txt": "id"}]}
    )
    assert (manifest.kind, manifest.entry, manifest.config) == (Kind.CHARGER, "start", "Config")
    assert manifest.can == (Capability.LIMIT,)
    assert manifest.zeroconf[0].confidence is Confidence.SURE


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "The Lamp"},
        {"kind": "toaster"},
        {"can": ["fly"]},
        {"colour": "red"},
        {"default_port": 0},
        {"zeroconf": [{"type": "_lamp._tcp.local.", "txt_serial": "id"}]},
        {"docs": None},
    ],
)
def test_what_is_wrong_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Manifest.model_validate({**LAMP, **wrong})


def test_one_for_two_kinds_reads_as_either() -> None:
    meter = {"entry": "start_meter", "config": "MeterConfig", "example": {"topic": "a"}}
    both = Manifest.model_validate({**LAMP, "can": ["limit"], "also": {"meter": meter}})
    assert both.kinds == (Kind.CHARGER, Kind.METER)
    assert (both.as_kind(Kind.CHARGER).entry, both.as_kind(Kind.CHARGER).can) == ("start", (Capability.LIMIT,))
    read = both.as_kind(Kind.METER)
    assert (read.kind, read.entry, read.config) == (Kind.METER, "start_meter", "MeterConfig")
    assert (read.kinds, read.can, read.example) == ((Kind.METER,), (), {"topic": "a"})
