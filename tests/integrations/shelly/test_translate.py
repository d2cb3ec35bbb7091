"""A Shelly's components in the hub's words, as truth tables."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.sdk import PerPhase
from integrations.shelly import translate
from tests.integrations.shelly.documents import EM, EMDATA, INFO, MONOPHASE

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_the_three_phases() -> None:
    said, odd = translate.reading({"em:0": EM, "emdata:0": EMDATA}, NOW)
    assert odd == {}
    assert said.current_a == PerPhase(2.392, -1.037, 0.428)  # b delivers
    assert said.power_w == PerPhase(375.5, -170.8, 12.7)
    assert said.voltage_v == PerPhase(229.0, 229.0, 229.2)
    assert (said.total_w, said.import_wh, said.export_wh) == (217.4, 2_589_773.39, 1_026.61)
    assert said.at == NOW


def test_three_single_channels() -> None:
    said, odd = translate.reading(MONOPHASE, NOW)
    assert odd == {}
    assert said.current_a == PerPhase(0.08, 22.78, -2.6)
    assert said.total_w == pytest.approx(4578.5)
    assert (said.import_wh, said.export_wh) == (6655.5, 3095.25)


def test_a_channel_less_is_one_line_unknown() -> None:
    said, odd = translate.reading({key: value for key, value in MONOPHASE.items() if not key.endswith(":2")}, NOW)
    assert said.current_a == PerPhase(0.08, 22.78, None)
    assert (said.total_w, said.import_wh) == (None, None)
    assert "current" in odd


@pytest.mark.parametrize(
    ("current", "power", "signed_a"),
    [
        (10.0, 2300.0, 10.0),
        (10.0, -2300.0, -10.0),
        (10.0, 0.0, 10.0),
        (0.0, -0.1, 0.0),
        (-10.0, 2300.0, 10.0),  # whatever a newer firmware may do: the power decides
        (10.0, None, None),  # a direction that is not known
        (None, 2300.0, None),
        ("10", 2300.0, None),
        (True, 2300.0, None),
        (5000.0, 2300.0, None),
    ],
)
def test_the_sign_of_a_current(current: object, power: object, signed_a: float | None) -> None:
    said, _ = translate.reading({"em:0": {**EM, "a_current": current, "a_act_power": power}}, NOW)
    assert said.current_a is not None
    assert said.current_a.l1 == signed_a
    assert said.current_a.l2 == -1.037


def test_the_total_is_the_sum_where_the_device_gives_none() -> None:
    without = {key: value for key, value in EM.items() if key != "total_act_power"}
    assert translate.reading({"em:0": without}, NOW)[0].total_w == pytest.approx(217.4)
    one_less = {**without, "c_act_power": None}
    assert translate.reading({"em:0": one_less}, NOW)[0].total_w is None


def test_nulls_are_unknown_and_named() -> None:
    said, odd = translate.reading({"em:0": {**EM, "c_voltage": None}}, NOW)
    assert said.voltage_v == PerPhase(229.0, 229.0, None)
    assert odd == {"c_voltage": "c_voltage is missing"}
    assert (said.import_wh, said.export_wh) == (None, None)  # no emdata:0 yet


def test_what_the_device_complains_about_is_named() -> None:
    _, odd = translate.reading({"em:0": {**EM, "errors": ["power_meter_failure"], "a_errors": []}}, NOW)
    assert list(odd.values()) == ["it reports errors: power_meter_failure"]


@pytest.mark.parametrize(
    ("ts", "at"),
    [
        (NOW.timestamp() - 0.25, NOW - timedelta(seconds=0.25)),
        (NOW.timestamp() - 1.75, NOW - timedelta(seconds=1.75)),
        (NOW.timestamp() + 0.5, NOW),  # never in the future
        (NOW.timestamp() - 60, NOW),
        (NOW.timestamp() + 60, NOW),
        (12.5, NOW),  # a clock that was never set
        (0, NOW),
        (-1, NOW),
        (1e300, NOW),
        (None, NOW),
        ("1", NOW),
        (True, NOW),
    ],
)
def test_the_time_of_a_sample(ts: object, at: datetime) -> None:
    assert translate.moment(ts, NOW) == at


@pytest.mark.parametrize(
    ("station", "same"),
    [
        ("AABBCCDDEEFF", True),
        ("aabbccddeeff", True),
        ("shellypro3em-aabbccddeeff", True),
        ("192.168.1.105:80", True),
        ("aabbccddeefe", False),
        ("main", False),
    ],
)
def test_whether_it_is_the_station(station: str, same: bool) -> None:
    assert translate.is_station(INFO, station) is same
    assert translate.is_station({"id": INFO["id"]}, station) is same


def test_identity() -> None:
    who = translate.identity(INFO)
    assert (who.vendor, who.model, who.serial, who.firmware) == ("Shelly", "SPEM-003CEBEU", "AABBCCDDEEFF", "1.1.0")


@pytest.mark.parametrize(
    ("info", "profile", "locked"),
    [
        (INFO, "triphase", False),
        ({"profile": "monophase", "auth_en": True}, "monophase", True),
        ({}, "triphase", False),
        ({"profile": 3, "auth_en": "yes"}, "triphase", False),
    ],
)
def test_profile_and_lock(info: Mapping[str, object], profile: str, locked: bool) -> None:
    assert (translate.profile(info), translate.wants_password(info)) == (profile, locked)


def test_a_notification_overlays_what_is_known() -> None:
    before = {"em:0": {"a_current": 1.0, "b_current": 2.0}, "emdata:0": {"total_act": 5.0}}
    after = translate.overlay(before, {"em:0": {"b_current": 3.0}})
    assert after == {"em:0": {"a_current": 1.0, "b_current": 3.0}, "emdata:0": {"total_act": 5.0}}


def test_only_meters_are_components() -> None:
    frame = {"ts": 1.0, "em:0": {"id": 0}, "sys": {"uptime": 1}, "em1data:2": {"id": 2}, "em1:0": None, "emeter": {}}
    assert translate.components(frame) == {"em:0": {"id": 0}, "em1data:2": {"id": 2}}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(sorted({*EM, *EMDATA, *MONOPHASE["em1:0"], *MONOPHASE["em1data:0"], "errors", "c_errors"}))
COMPONENTS = st.sampled_from(["em:0", "emdata:0", "em1:0", "em1:1", "em1:2", "em1data:0", "em1data:1", "em1data:2"])


@given(frame=st.dictionaries(COMPONENTS, JSON | st.dictionaries(KEYS, JSON)), info=st.dictionaries(KEYS, JSON), ts=JSON)
def test_garbage_never_raises(frame: dict[str, object], info: dict[str, object], ts: object) -> None:
    status = translate.overlay({}, translate.components(frame))
    at = translate.moment(ts, NOW)
    said, _ = translate.reading(status, at)
    translate.identity(info)
    translate.is_station(info, "x")
    assert at <= NOW
    for amps, watts in zip(said.current_a or (), said.power_w or (), strict=True):
        assert amps is None or (watts is not None and amps * watts >= 0)  # one direction
