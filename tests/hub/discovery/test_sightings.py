"""Several services, one device: the surest wins, and the last address is remembered."""

from datetime import UTC, datetime

from hub.discovery.match import Announcement
from hub.discovery.sightings import MOST_SIGHTINGS, Sightings
from hub.model.candidate import Address, Candidate, Confidence, Kind
from hub.model.ids import StationId

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def see(
    sightings: Sightings,
    name: str,
    station: str,
    confidence: Confidence,
    address: Address | None,
) -> bool:
    """Sight a service `label._type._tcp.local.` of the host label.local."""
    label, _, type = name.partition(".")
    candidate = Candidate(
        integration="any",
        kind=Kind.CHARGER,
        station=StationId(station),
        address=address,
        confidence=confidence,
        seen_at=AT,
    )
    addresses = () if address is None else (address.host,)
    return sightings.seen(Announcement(type, name, f"{label}.local.", addresses, 80, {}), candidate)


def test_one_device_with_two_services_is_one_candidate_by_the_surer() -> None:
    sightings = Sightings()
    see(sightings, "evse-1._http._tcp.local.", "evse-1", Confidence.GUESS, Address("10.0.0.5", 80))
    see(sightings, "EVSE-1._evse._tcp.local.", "a1b2", Confidence.SURE, Address("10.0.0.5", 8000))
    assert list(sightings.candidates()) == ["a1b2"]
    sightings.gone("EVSE-1._evse._tcp.local.")
    assert list(sightings.candidates()) == ["evse-1"]
    sightings.gone("evse-1._http._tcp.local.")
    assert sightings.candidates() == {}


def test_one_serial_under_two_names_is_one_candidate() -> None:
    sightings = Sightings()
    see(sightings, "one._http._tcp.local.", "a1b2", Confidence.LIKELY, Address("10.0.0.5", 80))
    see(sightings, "two._evse._tcp.local.", "a1b2", Confidence.SURE, Address("10.0.0.5", 8000))
    assert [c.address for c in sightings.candidates().values()] == [Address("10.0.0.5", 8000)]
    assert sightings.address_of(StationId("a1b2")) == Address("10.0.0.5", 8000)


def test_two_devices_of_one_host_are_two_candidates() -> None:
    sightings = Sightings()
    see(sightings, "one._evse._tcp.local.", "1", Confidence.SURE, Address("10.0.0.5", 8001))
    see(sightings, "two._evse._tcp.local.", "2", Confidence.SURE, Address("10.0.0.5", 8002))
    assert sorted(sightings.candidates()) == ["1", "2"]


def test_the_address_follows_what_is_announced_and_outlives_the_goodbye() -> None:
    sightings = Sightings()
    name = "one._evse._tcp.local."
    see(sightings, name, "a1", Confidence.SURE, Address("10.0.0.5", 80))
    see(sightings, name, "a1", Confidence.SURE, Address("10.0.0.9", 80))
    assert sightings.address_of(StationId("a1")) == Address("10.0.0.9", 80)
    sightings.gone(name)
    assert sightings.address_of(StationId("A1")) == Address("10.0.0.9", 80)  # as somebody typed it
    assert sightings.address_of(StationId("2")) is None


def test_a_less_sure_service_does_not_move_the_address() -> None:
    sightings = Sightings()
    see(sightings, "one._evse._tcp.local.", "1", Confidence.SURE, Address("10.0.0.5", 8000))
    see(sightings, "one._http._tcp.local.", "1", Confidence.GUESS, Address("10.0.0.5", 80))
    assert sightings.address_of(StationId("1")) == Address("10.0.0.5", 8000)


def test_by_which_names_it_may_stand_in_the_configuration() -> None:
    sightings = Sightings()
    see(sightings, "One._evse._tcp.local.", "A1", Confidence.SURE, Address("10.0.0.5", 8000))
    assert sightings.names_of(StationId("A1")) == {"a1", "10.0.0.5:8000", "one.local:8000"}
    see(sightings, "two._evse._tcp.local.", "2", Confidence.SURE, None)
    assert sightings.names_of(StationId("2")) == {"2"}
    assert sightings.names_of(StationId("3")) == frozenset()


def test_a_flood_of_names_is_bounded() -> None:
    sightings = Sightings()
    taken = [
        see(sightings, f"n{n}._evse._tcp.local.", f"{n % 3}", Confidence.SURE, None) for n in range(MOST_SIGHTINGS)
    ]
    assert all(taken)
    assert not see(sightings, "more._evse._tcp.local.", "more", Confidence.SURE, None)
    assert see(sightings, "n1._evse._tcp.local.", "again", Confidence.SURE, None)  # one that is known may change
