"""One folder per device family or protocol. Each sees hub.sdk, hub.wire and hub.model only; see docs/map.md."""
