// The hub's status document, as /api/v1/status and /api/v1/live give it. Unknown is null, never 0; units are in the names.
// tests/pages/test_types.py holds this file against the document of a running hub.

export interface Lines {
  l1: number | null;
  l2: number | null;
  l3: number | null;
}

export type Line = keyof Lines;
export const LINES: readonly Line[] = ["l1", "l2", "l3"];

export type Status =
  | "available"
  | "preparing"
  | "charging"
  | "suspended_ev"
  | "suspended_evse"
  | "finishing"
  | "reserved"
  | "unavailable"
  | "faulted";

export interface Session {
  id: string;
  transaction: number | string | null;
  started_at: string;
  energy_wh: number | null;
  token: string | null;
}

export interface Charger {
  ts: string;
  online: boolean | null;
  name: string;
  status: Status | null;
  fault: { code: string | null; vendor_code: string | null; text: string | null } | null;
  enabled: boolean | null;
  measured_at: string | null;
  power_w: number | null;
  current_a: Lines;
  voltage_v: Lines;
  energy_wh: number | null;
  offered_a: number | null;
  limit_a: number | null;
  held_a: number | null;
  limit_reason: string | null;
  limit_circuit: string | null;
  limit_text: string | null;
  queue_position: number | null;
  queue_until: string | null;
  safe_a: number | null;
  lease_until: string | null;
  lease_text: string | null;
  requested_a: number | null;
  allowed: boolean;
  session: Session | null;
  circuit: string;
  station: string;
  vendor: string | null;
  model: string | null;
  firmware: string | null;
  drawn: { phases: string[] | null; min_a: number; max_a: number; fallback_a: number | null };
  can: ("limit" | "lease" | "start_stop" | "reset" | "unlock")[];
}

export interface Circuit {
  ts: string;
  name: string;
  parent: string | null;
  current_a: Lines;
  limit_a: Lines;
  power_w: number | null;
  headroom_a: Lines;
  binding: boolean | null;
  measured: boolean | null;
  over: boolean | null;
}

export interface Meter {
  ts: string;
  measured_at: string | null;
  name: string;
  online: boolean | null;
  power_w: number | null;
  current_a: Lines;
  voltage_v: Lines;
  phase_power_w: Lines;
  import_wh: number | null;
  export_wh: number | null;
}

export interface Candidate {
  ts: string;
  integration: string;
  kind: "charger" | "meter";
  station: string;
  address: { host: string; port: number } | null;
  confidence: "sure" | "likely" | "guess";
  model: string | null;
  connectors: number | null;
  source: string;
}

export interface Site {
  ts: string;
  name: string;
  power_w: number | null;
  current_a: Lines;
  chargers: { total: number; online: number; charging: number };
  alarms: Alarm[];
  balancing: { state: "starting" | "running"; since: string; waits_for: string[] } | null;
  safe_plan: { state: "set" | "partly" | "not_possible"; chargers: string[] } | null;
}

export interface Alarm {
  code: string;
  text: string;
  since: string | null;
}

export interface Document {
  ts: string;
  time_zone: string;
  site: Site;
  circuits: Record<string, Circuit>;
  meters: Record<string, Meter>;
  chargers: Record<string, Charger>;
  candidates: Candidate[];
  config: { file: string; problems: number; needs_restart: string[] };
}
