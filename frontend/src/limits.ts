// What limits a charger, smallest first, and which of it binds. Pure.

import type { Charger, Document } from "./types.ts";
import { circuitName } from "./words.ts";

export interface Limit {
  name: string;
  amps: number | null;
  binds: boolean;
}

const REASONS: Record<string, string> = {
  no_car: "No car",
  queue: "Waits for its turn",
  starting: "The hub has just started",
  unreachable: "No contact",
  fault: "Fault",
  waiting_for_others: "Others slow down first",
  meter: "A meter is silent",
  safe_plan: "Safe without the hub",
};

/** The limits that are known, smallest first; among equal ones that which binds. */
export function limitsOf(charger: Charger, document: Document): Limit[] {
  const limits = [...own(charger), ...circuits(charger, document)];
  if (charger.limit_reason !== null && !limits.some((limit) => limit.binds)) limits.push(other(charger, charger.limit_reason));
  return limits.sort((a, b) => (a.amps ?? Infinity) - (b.amps ?? Infinity) || Number(b.binds) - Number(a.binds));
}

function own(charger: Charger): Limit[] {
  const { limit_reason: reason, limit_a: given, drawn } = charger;
  const limits: Limit[] = [{ name: "Charger's maximum", amps: drawn.max_a, binds: reason === "charger" && (given ?? 0) >= drawn.max_a }];
  if (reason === "charger" && given !== null && given < drawn.max_a) {
    limits.push({ name: "What the car takes", amps: given, binds: true });
  }
  if (charger.requested_a !== null) limits.push({ name: "Asked for", amps: charger.requested_a, binds: reason === "request" });
  if (!charger.allowed) limits.push({ name: "Paused", amps: 0, binds: reason === "paused" });
  return limits;
}

/** The circuit that binds, with what it leaves; the others up to the grid connection, with what they carry in all. */
function circuits(charger: Charger, document: Document): Limit[] {
  const limits: Limit[] = [];
  for (let id: string | null = charger.circuit; id !== null; ) {
    const circuit: Document["circuits"][string] | undefined = document.circuits[id];
    if (circuit === undefined) break;
    const binds = charger.limit_circuit === id;
    const name = circuitName(id, circuit);
    const rated = Object.values(circuit.limit_a).filter((amps) => amps !== null);
    if (binds) limits.push({ name: `Share of ${name}`, amps: charger.limit_a, binds });
    else if (rated.length > 0) limits.push({ name: `${name}, for all`, amps: Math.min(...rated), binds });
    id = circuit.parent;
  }
  return limits;
}

const other = (charger: Charger, reason: string): Limit => ({
  name: REASONS[reason] ?? reason.replaceAll("_", " "),
  amps: charger.limit_a,
  binds: true,
});
