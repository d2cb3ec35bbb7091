"""The configuration keys of a charge point (OCPP 1.6, chapter 9), as a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

MEASURANDS = (
    "Current.Import",
    "Voltage",
    "Power.Active.Import",
    "Energy.Active.Import.Register",
    "Current.Offered",
    "Temperature",
)


@dataclass(frozen=True, slots=True)
class Key:
    """One key. `form`: "number", "switch", "measurands" or "text"; `reboot`: a change counts from the next boot."""

    value: str
    form: str = "text"
    readonly: bool = False
    reboot: bool = False

    def takes(self, value: str) -> bool:
        """Whether ChangeConfiguration may set this value."""
        if self.form == "number":
            return value.isdigit()
        if self.form == "switch":
            return value.lower() in ("true", "false")
        if self.form == "measurands":
            return all(word.strip() in MEASURANDS for word in value.split(",") if value)
        return len(value) <= 500


def _fixed(value: str) -> Key:
    return Key(value, readonly=True)


TABLE: Mapping[str, Key] = {
    "AllowOfflineTxForUnknownId": Key("false", "switch"),
    "AuthorizationCacheEnabled": Key("true", "switch"),
    "AuthorizeRemoteTxRequests": Key("true", "switch"),
    "ChargeProfileMaxStackLevel": _fixed("10"),
    "ChargingScheduleAllowedChargingRateUnit": _fixed("Current,Power"),
    "ChargingScheduleMaxPeriods": _fixed("24"),
    "ClockAlignedDataInterval": Key("0", "number"),
    "ConnectionTimeOut": Key("60", "number"),
    "ConnectorPhaseRotation": Key("0.RST,1.RST"),
    "ConnectorSwitch3to1PhaseSupported": _fixed("false"),
    "GetConfigurationMaxKeys": _fixed("50"),
    "HeartbeatInterval": Key("300", "number"),
    "LocalAuthorizeOffline": Key("true", "switch"),
    "LocalPreAuthorize": Key("false", "switch"),
    "MaxChargingProfilesInstalled": _fixed("20"),
    "MeterValueSampleInterval": Key("60", "number"),
    "MeterValuesAlignedData": Key("Energy.Active.Import.Register", "measurands"),
    "MeterValuesSampledData": Key("Energy.Active.Import.Register,Power.Active.Import,Current.Import", "measurands"),
    "NumberOfConnectors": _fixed("1"),
    "ResetRetries": Key("3", "number"),
    "StopTransactionOnEVSideDisconnect": Key("true", "switch"),
    "StopTransactionOnInvalidId": Key("true", "switch"),
    "StopTxnAlignedData": _fixed(""),
    "StopTxnSampledData": _fixed(""),
    "SupportedFeatureProfiles": _fixed("Core,SmartCharging,RemoteTrigger"),
    "TransactionMessageAttempts": Key("3", "number"),
    "TransactionMessageRetryInterval": Key("10", "number"),
    "UnlockConnectorOnEVSideDisconnect": Key("true", "switch"),
    "WebSocketPingInterval": Key("30", "number", reboot=True),
}


class Keys:
    """The keys of one station; changes outlast a reboot."""

    def __init__(self, preset: Mapping[str, str]) -> None:
        self._keys = dict(TABLE)
        for name, value in preset.items():
            self._keys[name] = replace(self._keys.get(name, Key("")), value=value)

    def text(self, name: str) -> str:
        """The value as it is told."""
        return self._keys[name].value

    def number(self, name: str) -> int:
        """The value of a numeric key."""
        return int(self._keys[name].value)

    def on(self, name: str) -> bool:
        """The value of a switch."""
        return self._keys[name].value.lower() == "true"

    def measurands(self, name: str) -> tuple[str, ...]:
        """The measurands of a list, in order."""
        return tuple(word.strip() for word in self._keys[name].value.split(",") if word.strip())

    def known(self, names: list[str]) -> dict[str, Key]:
        """The asked keys that there are; all of them for an empty list."""
        return {name: key for name, key in self._keys.items() if not names or name in names}

    def change(self, name: str, value: str) -> str:
        """Set a value; returns the ConfigurationStatus."""
        key = self._keys.get(name)
        if key is None:
            return "NotSupported"
        if key.readonly or not key.takes(value):
            return "Rejected"
        self._keys[name] = replace(key, value=value)
        return "RebootRequired" if key.reboot else "Accepted"

    def put(self, name: str, value: str) -> None:
        """Set a value from inside, as BootNotification's interval does."""
        self._keys[name] = replace(self._keys[name], value=value)
