"""What Home Assistant takes as MQTT discovery: its words, what is required, and what goes together.

Source: components/mqtt/{abbreviations,schemas,discovery,sensor,number,…}.py and components/sensor/const.py of
`homeassistant` 2025.4.4, the first three also of 2024.3.3 (which does not know whole devices), as described at
https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery. Only the words that evhub needs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

TOPIC = re.compile(r"homeassistant/\w+/([A-Za-z0-9_-]+/)?[A-Za-z0-9_-]+/config")
DEVICE = {
    "ids": "identifiers",
    "name": "name",
    "mf": "manufacturer",
    "mdl": "model",
    "sw": "sw_version",
    "sn": "serial_number",
    "cu": "configuration_url",
    "via_device": "via_device",  # has no short form
}
ORIGIN = {"name": "name", "sw": "sw_version", "url": "support_url"}
AVAILABILITY = {"t": "topic", "val_tpl": "value_template"}
OF_DEVICE = {"dev": "device", "o": "origin", "avty": "availability", "avty_mode": "availability_mode"}
OF_ENTITY = {
    "name": "name",
    "uniq_id": "unique_id",
    "dev_cla": "device_class",
    "ent_cat": "entity_category",
    "en": "enabled_by_default",
    "json_attr_t": "json_attributes_topic",
    "json_attr_tpl": "json_attributes_template",
}
STATE = {"stat_t": "state_topic", "val_tpl": "value_template"}
COMMAND = {"cmd_t": "command_topic"}
NUMERIC = {"unit_of_meas": "unit_of_measurement"}
OF_PLATFORM = {
    "sensor": STATE
    | NUMERIC
    | {"stat_cla": "state_class", "ops": "options", "sug_dsp_prc": "suggested_display_precision"},
    "binary_sensor": STATE,
    "number": STATE | COMMAND | NUMERIC | {"min": "min", "max": "max", "step": "step"},
    "switch": STATE | COMMAND,
    "button": COMMAND,
}
REQUIRED = {
    "sensor": {"stat_t"},
    "binary_sensor": {"stat_t"},
    "number": {"cmd_t"},
    "switch": {"cmd_t"},
    "button": {"cmd_t"},
}
DEVICE_CLASSES = {
    "sensor": {"power", "current", "voltage", "energy", "enum"},
    "binary_sensor": {"plug", "problem"},
    "number": {"current"},
    "button": {"restart"},
    "switch": set(),
}
UNITS = {"power": {"W", "kW"}, "current": {"A", "mA"}, "voltage": {"V", "mV"}, "energy": {"Wh", "kWh", "MWh"}}
STATE_CLASSES = {"energy": {"total", "total_increasing"}}  # all other numeric ones: measurement
CATEGORIES = {"config", "diagnostic"}


def check(topic: str, document: Mapping[str, Any]) -> None:
    """Every word is known, all that is required is there, and what belongs together goes together."""
    if topic.split("/")[1] == "device":
        common = {name: value for name, value in document.items() if name != "cmps"}
        assert common.keys() == OF_DEVICE.keys()
        assert len(document["cmps"]) == len({part["uniq_id"] for part in document["cmps"].values()})
        for part in document["cmps"].values():
            _entity(part["p"], {name: value for name, value in part.items() if name != "p"})
    else:
        common = {name: value for name, value in document.items() if name in OF_DEVICE}
        assert common.keys() == OF_DEVICE.keys()
        _entity(topic.split("/")[1], {name: value for name, value in document.items() if name not in OF_DEVICE})
    _common(common)


def _common(common: Mapping[str, Any]) -> None:
    assert common["dev"].keys() <= DEVICE.keys()
    assert common["dev"]["ids"]
    assert all(isinstance(value, str) for name, value in common["dev"].items() if name != "ids")
    assert common["o"].keys() <= ORIGIN.keys()
    assert common["o"]["name"]  # required
    assert all(value.startswith("http") for value in (common["o"].get("url"), common["dev"].get("cu")) if value)
    assert all(one.keys() <= AVAILABILITY.keys() and one["t"] for one in common["avty"])
    assert common["avty_mode"] in {"all", "any", "latest"}


def _entity(platform: str, options: Mapping[str, Any]) -> None:
    assert options.keys() <= OF_ENTITY.keys() | OF_PLATFORM[platform].keys()
    assert options.keys() >= REQUIRED[platform] | {"name", "uniq_id"}
    assert options.get("ent_cat", "config") in CATEGORIES
    assert platform not in {"sensor", "binary_sensor"} or options.get("ent_cat") != "config"  # only what can be set
    kind = options.get("dev_cla")
    assert kind is None or kind in DEVICE_CLASSES[platform]
    assert ("json_attr_t" in options) == ("json_attr_tpl" in options)
    if platform == "sensor":
        _sensor(kind, options)
    if platform == "number":
        assert options["min"] < options["max"]
        assert options["step"] >= 0.001


def _sensor(kind: str | None, options: Mapping[str, Any]) -> None:
    if kind == "enum":  # its states are the options and nothing else; units and state classes are for numbers
        assert options["ops"]
        assert not options.keys() & {"unit_of_meas", "stat_cla", "sug_dsp_prc"}
    elif kind is not None:
        assert "ops" not in options
        assert options["unit_of_meas"] in UNITS[kind]
        assert options["stat_cla"] in STATE_CLASSES.get(kind, {"measurement"})
    else:
        assert not options.keys() & {"ops", "unit_of_meas", "stat_cla"}
