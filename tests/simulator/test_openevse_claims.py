"""Who wins among an OpenEVSE's claims, as a table to be checked by hand."""

from collections.abc import Mapping

import pytest

from simulator.devices.openevse_claims import API_PRIORITY, MANUAL, MANUAL_PRIORITY, Claim, Claims, Limits, Target

A = 65537 * 3  # some client of /claims/{client}
B = 65537 * 4


@pytest.mark.parametrize(
    ("body", "state", "pilot_a"),
    [
        ({}, "active", 32),  # no opinion: the configured most
        ({"state": "active", "charge_current": 16}, "active", 16),
        ({"state": "disabled", "charge_current": 16}, "disabled", 16),
        ({"charge_current": 10.9}, "active", 10),  # whole amps, cut off
        ({"charge_current": 0}, "active", 6),  # no pause: the least
        ({"charge_current": 5}, "active", 6),
        ({"charge_current": -3}, "active", 6),
        ({"charge_current": 80}, "active", 32),
        ({"charge_current": 20, "max_current": 12}, "active", 12),  # max_current caps
        ({"charge_current": "13"}, "active", 13),
        ({"charge_current": "much"}, "active", 6),
        ({"charge_current": "clear"}, "active", 32),
        ({"charge_current": None}, "active", 6),
        ({"state": "paused"}, "active", 32),  # an unknown word is no opinion
        ({"state": 1}, "active", 32),
    ],
)
def test_one_override(body: Mapping[str, object], state: str, pilot_a: int) -> None:
    claims = Claims(Limits(6, 32))
    assert claims.make(MANUAL, Claim.read(body, MANUAL_PRIORITY, auto_release=True))
    assert claims.target() == Target(state, pilot_a)


def test_the_override_beats_a_claim_property_by_property() -> None:
    claims = Claims(Limits(6, 32))
    claims.make(A, Claim(API_PRIORITY, "disabled", charge_current_a=10))
    claims.make(MANUAL, Claim(MANUAL_PRIORITY, "active"))
    assert claims.target() == Target("active", 10)
    claims.release(MANUAL)
    assert claims.target() == Target("disabled", 10)


def test_of_equal_claims_the_earlier_one_stays() -> None:
    claims = Claims(Limits(6, 32))
    claims.make(A, Claim(API_PRIORITY, charge_current_a=10))
    claims.make(B, Claim(API_PRIORITY, charge_current_a=20))
    assert claims.target().pilot_a == 10


def test_the_owners_most_is_below_the_hardware() -> None:
    assert Claims(Limits(6, 24)).target() == Target("active", 24)


def test_when_the_car_leaves_only_lasting_claims_stay() -> None:
    claims = Claims(Limits(6, 32))
    claims.make(A, Claim.read({"charge_current": 10}, API_PRIORITY, auto_release=False))
    claims.make(MANUAL, Claim.read({"charge_current": 20}, MANUAL_PRIORITY, auto_release=True))
    claims.release_ended()
    assert (MANUAL in claims, claims.target().pilot_a) == (False, 10)


def test_an_eleventh_client_finds_no_slot() -> None:
    claims = Claims(Limits(6, 32))
    assert all(claims.make(client, Claim(API_PRIORITY)) for client in range(10))
    assert not claims.make(10, Claim(API_PRIORITY))
    assert claims.make(9, Claim(API_PRIORITY, "disabled"))


def test_versions_count_changes_only() -> None:
    claims = Claims(Limits(6, 32))
    claims.make(MANUAL, Claim(MANUAL_PRIORITY, "active"))
    claims.make(MANUAL, Claim(MANUAL_PRIORITY, "active"))
    claims.make(A, Claim(API_PRIORITY, "active"))
    assert (claims.version, claims.override_version) == (2, 1)
    claims.forget()
    assert (claims.version, claims.override_version, claims.listed()) == (0, 0, [])
