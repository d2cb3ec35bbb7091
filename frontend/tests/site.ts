// A small site for the tests: a garage of two bays behind a main fuse, and a yard of one.

import type { Charger, Circuit, Document, Lines } from "../src/types.ts";

const all = (amps: number | null): Lines => ({ l1: amps, l2: amps, l3: amps });

export function charger(circuit: string, more: Partial<Charger> = {}): Charger {
  return {
    ts: "2026-11-25T12:00:00.000Z",
    online: true,
    name: "Bay",
    status: "charging",
    fault: null,
    enabled: null,
    measured_at: null,
    power_w: 4500,
    current_a: all(6.5),
    voltage_v: all(230),
    energy_wh: 0,
    offered_a: 6.6,
    limit_a: 6.6,
    held_a: 6.6,
    limit_reason: "circuit",
    limit_circuit: "garage",
    limit_text: "6.6 A because Garage circuit L1 is full (20 A)",
    queue_position: null,
    queue_until: null,
    safe_a: 6,
    lease_until: null,
    lease_text: null,
    requested_a: null,
    allowed: true,
    session: null,
    circuit,
    station: "S",
    vendor: null,
    model: null,
    firmware: null,
    drawn: { phases: ["L1", "L2", "L3"], min_a: 6, max_a: 32, fallback_a: null },
    can: ["limit"],
    ...more,
  };
}

function circuit(name: string, parent: string | null, limit: number, current: number | null): Circuit {
  const room = current === null ? null : limit - current;
  return {
    ts: "2026-11-25T12:00:00.000Z",
    name,
    parent,
    current_a: all(current),
    limit_a: all(limit),
    power_w: null,
    headroom_a: all(room),
    binding: false,
    measured: true,
    over: false,
  };
}

export function site(): Document {
  return {
    ts: "2026-11-25T12:00:00.000Z",
    time_zone: "UTC",
    site: {
      ts: "2026-11-25T12:00:00.000Z",
      name: "Riverside",
      power_w: 20_000,
      current_a: all(30),
      chargers: { total: 3, online: 3, charging: 2 },
      alarms: [],
      balancing: { state: "running", since: "2026-11-25T11:00:00.000Z", waits_for: [] },
      safe_plan: { state: "set", chargers: [] },
    },
    circuits: { grid: circuit("grid", null, 63, 30), garage: circuit("Garage", "grid", 20, 19.8), yard: circuit("Yard", "grid", 25, null) },
    meters: {},
    chargers: { "bay-1": charger("garage"), "bay-2": charger("garage"), "bay-3": charger("yard") },
    candidates: [],
    config: { file: "config.yaml", problems: 0, needs_restart: [] },
  };
}
