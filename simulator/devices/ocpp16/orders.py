"""What a charge point answers to the calls of its central system."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocpp.v16 import call_result

from simulator.devices.ocpp16.connector import Connector
from simulator.devices.ocpp16.link import answers
from simulator.devices.ocpp16.metering import now_text
from simulator.devices.ocpp16.parse import Payload, profile_of
from simulator.devices.profiles import Filter, Profile, Purpose, composite, install, without

if TYPE_CHECKING:
    from simulator.devices.ocpp16.station import Station

UNITS = {"A": "Current", "W": "Power"}


class Orders:
    """The handlers of one station. The reply goes first, what follows from it after."""

    def __init__(self, station: Station) -> None:
        self._station = station

    @answers("GetConfiguration")
    def get_configuration(self, key: list[str] | None = None) -> object:
        """Keys with their values; those that there are not apart."""
        asked = key or []
        known = self._station.keys.known(asked)
        rows = [{"key": name, "readonly": row.readonly, "value": row.value} for name, row in known.items()]
        return call_result.GetConfiguration(rows, [name for name in asked if name not in known] or None)

    @answers("ChangeConfiguration")
    def change_configuration(self, key: str, value: str) -> object:
        """Set one key."""
        return call_result.ChangeConfiguration(self._station.keys.change(key, value))

    @answers("SetChargingProfile")
    def set_charging_profile(self, connector_id: int, cs_charging_profiles: Payload) -> object:
        """Install a profile if it can be obeyed."""
        try:
            profile = profile_of(connector_id, cs_charging_profiles)
        except ValueError:
            return call_result.SetChargingProfile("Rejected")
        if not self._obeyable(profile):
            return call_result.SetChargingProfile("Rejected")
        self._station.adopt_profile(profile)
        return call_result.SetChargingProfile("Accepted")

    @answers("ClearChargingProfile")
    def clear_charging_profile(
        self,
        id: int | None = None,
        connector_id: int | None = None,
        charging_profile_purpose: str | None = None,
        stack_level: int | None = None,
    ) -> object:
        """Remove the profiles that match."""
        before = self._station.profiles
        wanted = Filter(id, connector_id, charging_profile_purpose, stack_level)
        self._station.profiles = without(before, wanted)
        self._station.look()
        return call_result.ClearChargingProfile("Unknown" if len(self._station.profiles) == len(before) else "Accepted")

    @answers("GetCompositeSchedule")
    def get_composite_schedule(self, connector_id: int, duration: int, charging_rate_unit: str = "A") -> object:
        """What will be offered, all profiles together."""
        connector = self._station.connectors.get(connector_id)
        if (connector is None and connector_id != 0) or not self._unit_allowed(charging_rate_unit):
            return call_result.GetCompositeSchedule("Rejected")
        wiring, moment = self._station.wiring(connector), self._station.moment(connector)
        spans = composite(self._station.profiles, connector_id, moment, duration, wiring)
        factor = 1.0 if charging_rate_unit == "A" else wiring.volts * wiring.phases
        schedule = {
            "charging_rate_unit": charging_rate_unit,
            "duration": duration,
            "start_schedule": now_text(moment.now),
            "charging_schedule_period": [
                {"start_period": int(span.start_s), "limit": round(span.amps * factor, 1)} for span in spans
            ],
        }
        return call_result.GetCompositeSchedule("Accepted", connector_id, now_text(moment.now), schedule)

    @answers("RemoteStartTransaction")
    def remote_start(
        self, id_tag: str, connector_id: int | None = None, charging_profile: Payload | None = None
    ) -> object:
        """Start on a connector, or on the first that is free."""
        connector = self._station.connectors.get(connector_id or self._first_startable())
        if connector is None or not connector.startable:
            return call_result.RemoteStartTransaction("Rejected")
        try:
            profile = profile_of(connector.number, charging_profile) if charging_profile else None
        except ValueError:
            return call_result.RemoteStartTransaction("Rejected")
        if profile is not None and profile.purpose is not Purpose.TRANSACTION:
            return call_result.RemoteStartTransaction("Rejected")
        connector.remote_start(id_tag, profile)
        self._station.look()
        return call_result.RemoteStartTransaction("Accepted")

    @answers("RemoteStopTransaction")
    def remote_stop(self, transaction_id: int) -> object:
        """Stop a running transaction."""
        connector = self._running(transaction_id)
        if connector is None:
            return call_result.RemoteStopTransaction("Rejected")
        connector.stop("Remote")
        self._station.look()
        return call_result.RemoteStopTransaction("Accepted")

    @answers("ChangeAvailability")
    def change_availability(self, connector_id: int, type: str) -> object:
        """Take connectors in or out of service; a running transaction is waited for."""
        chosen = self._chosen(connector_id)
        if connector_id != 0 and not chosen:
            return call_result.ChangeAvailability("Rejected")
        operative = type == "Operative"
        if connector_id == 0:
            self._station.available = operative
        scheduled = [self._station.set_available(connector, operative) for connector in chosen].count(False)
        return call_result.ChangeAvailability("Scheduled" if scheduled else "Accepted")

    @answers("TriggerMessage")
    def trigger_message(self, requested_message: str, connector_id: int | None = None) -> object:
        """Send one of the messages that we can send at any time."""
        if connector_id is not None and connector_id != 0 and connector_id not in self._station.connectors:
            return call_result.TriggerMessage("Rejected")
        known = self._station.trigger(requested_message, self._chosen(connector_id or 0), connector_id)
        return call_result.TriggerMessage("Accepted" if known else "NotImplemented")

    @answers("Reset")
    def reset(self, type: str) -> object:
        """Restart after the reply."""
        self._station.restart_soon(type)
        return call_result.Reset("Accepted")

    @answers("UnlockConnector")
    def unlock_connector(self, connector_id: int) -> object:
        """Let go of the cable; a running transaction ends."""
        connector = self._station.connectors.get(connector_id)
        if connector is None:
            return call_result.UnlockConnector("NotSupported")
        connector.stop("UnlockCommand")
        return call_result.UnlockConnector("Unlocked")

    @answers("ClearCache")
    def clear_cache(self) -> object:
        """Forget whom the central system has accepted."""
        self._station.accepted_tags.clear()
        return call_result.ClearCache("Accepted")

    @answers("DataTransfer")
    def data_transfer(self, vendor_id: str, message_id: str | None = None, data: str | None = None) -> object:
        """We speak no vendor's dialect."""
        return call_result.DataTransfer("UnknownVendorId")

    def _chosen(self, connector_id: int) -> list[Connector]:
        everyone = self._station.connectors.values()
        return [c for c in everyone if connector_id in (0, c.number)]

    def _first_startable(self) -> int:
        ready = [c for c in self._station.connectors.values() if c.startable]
        plugged = [c for c in ready if c.evse.plugged]
        return (plugged or ready)[0].number if ready else -1

    def _running(self, transaction_id: int) -> Connector | None:
        everyone = self._station.connectors.values()
        return next((c for c in everyone if c.transaction and c.transaction.id == transaction_id), None)

    def _unit_allowed(self, unit: str) -> bool:
        return UNITS[unit] in self._station.keys.text("ChargingScheduleAllowedChargingRateUnit").split(",")

    def _obeyable(self, profile: Profile) -> bool:
        keys = self._station.keys
        bounds = (
            self._unit_allowed(profile.schedule.unit),
            profile.stack <= keys.number("ChargeProfileMaxStackLevel"),
            len(profile.schedule.periods) <= keys.number("ChargingScheduleMaxPeriods"),
            len(install(self._station.profiles, profile)) <= keys.number("MaxChargingProfilesInstalled"),
            profile.valid_to is None or profile.valid_to > self._station.clock(),
        )
        return all(bounds) and self._has_its_place(profile)

    def _has_its_place(self, profile: Profile) -> bool:
        if profile.purpose is Purpose.STATION:
            return profile.connector == 0
        connector = self._station.connectors.get(profile.connector)
        if profile.purpose is Purpose.DEFAULT:
            return connector is not None or (
                profile.connector == 0 and not self._station.options.refuses_connector_zero
            )
        running = connector.transaction if connector else None
        return running is not None and profile.transaction in (None, running.id)
