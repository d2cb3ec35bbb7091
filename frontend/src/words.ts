// What the pages say of the site: each state as shape, word and tone, and sentences with a reason. Pure.

import { clock } from "./format.ts";
import type { Alarm, Charger, Circuit, Document, Line } from "./types.ts";
import { LINES } from "./types.ts";

export type Tone = "charging" | "waiting" | "fault" | "reserved" | "off";

export interface State {
  shape: string;
  word: string;
  tone: Tone;
}

const state = (shape: string, word: string, tone: Tone): State => ({ shape, word, tone });

const STATES: Record<string, State> = {
  available: state("□", "Free", "off"),
  preparing: state("‖", "Plugged in", "waiting"),
  charging: state("▲", "Charging", "charging"),
  suspended_ev: state("‖", "Car is not drawing", "waiting"),
  suspended_evse: state("‖", "Waiting", "waiting"),
  finishing: state("✓", "Finished", "off"),
  reserved: state("◇", "Reserved", "reserved"),
  unavailable: state("✕", "Out of service", "off"),
  faulted: state("✕", "Fault", "fault"),
};

/** What a charger does, as everybody shall see it. */
export function stateOf(charger: Charger): State {
  if (charger.online === null) return state("?", "Not heard of yet", "off");
  if (!charger.online) return state("✕", "No contact", "fault");
  if (charger.status === null) return state("?", "Unknown", "off");
  if (charger.limit_reason === "paused" && charger.status !== "available") return state("‖", "Paused", "waiting");
  if (charger.status === "charging" && charger.limit_a === 0) return STATES.suspended_evse!;
  return STATES[charger.status] ?? state("?", charger.status, "off");
}

/** Why it is so, in the hub's own words, and when it may be its turn; a fault first. */
export function reasonOf(charger: Charger, zone: string): string {
  if (charger.fault) return faultOf(charger);
  const { limit_text: text, queue_until: until } = charger;
  return [text, until && `its turn about ${clock(until, zone)}`].filter(Boolean).join(" · ");
}

const faultOf = ({ fault }: Charger): string => [fault?.text, fault?.code, fault?.vendor_code].filter(Boolean).join(" · ");

/** The site in a sentence. */
export function sentenceOf(document: Document): string {
  const { total, charging } = document.site.chargers;
  if (total === 0) return "No charger is in the drawing yet.";
  const said = [`${charging} of ${total} bays charging.`];
  const full = fullest(document);
  if (full) said.push(`${full.name} is at ${full.percent} %.`);
  if (document.site.balancing?.state === "starting") said.push("The hub has just started: nothing is raised yet.");
  const out = Object.values(document.chargers).filter((c) => c.online === false || c.status === "faulted");
  if (out.length === 1) said.push(`${out[0]!.name} is out.`);
  if (out.length > 1) said.push(`${out.length} bays are out.`);
  return said.join(" ");
}

/** The circuit with the least left, as a share of its limit. */
function fullest(document: Document): { name: string; percent: number } | null {
  const filled = Object.entries(document.circuits)
    .map(([id, circuit]) => ({ name: circuitName(id, circuit), percent: percentOf(circuit) }))
    .filter((one): one is { name: string; percent: number } => one.percent !== null);
  return filled.sort((a, b) => b.percent - a.percent)[0] ?? null;
}

function percentOf(circuit: Circuit): number | null {
  const shares = LINES.map((line) => share(circuit, line)).filter((value) => value !== null);
  return shares.length === 0 ? null : Math.round(Math.max(...shares) * 100);
}

/** How much of a line's limit flows, 0 and up; null when either is unknown. */
export function share(circuit: Circuit, line: Line): number | null {
  const [current, limit] = [circuit.current_a[line], circuit.limit_a[line]];
  return current === null || limit === null || limit <= 0 ? null : Math.max(0, current) / limit;
}

/** "Grid connection" where nobody gave it a name. */
export function circuitName(id: string, circuit: Circuit): string {
  return id === "grid" && circuit.name === "grid" ? "Grid connection" : circuit.name;
}

/** What happens when nobody tells the chargers anything any more. */
export function safePlanOf(document: Document): State | null {
  const plan = document.site.safe_plan;
  if (plan === null) return null;
  const names = plan.chargers.map((id) => document.chargers[id]?.name ?? id).join(", ");
  if (plan.state === "set") return state("✓", "Safe without the hub: each charger falls back to its share.", "charging");
  if (plan.state === "partly") return state("‖", `Partly safe without the hub: ${names} would keep the last limit.`, "waiting");
  return state("✕", `No safe plan: not all minimums fit, and nothing is left for ${names}.`, "fault");
}

/** What is left on the fullest line; null when none is known. */
export function roomOf(circuit: Circuit): number | null {
  const known = LINES.map((line) => circuit.headroom_a[line]).filter((value) => value !== null);
  return known.length === 0 ? null : Math.min(...known);
}

export interface Need {
  tone: Tone;
  what: string;
  why: string;
  href: string;
  step: string;
}

/** What somebody should look at, worst first. */
export function needsOf(document: Document): Need[] {
  return [...document.site.alarms.map(alarmed), ...chargersOut(document), ...metersOut(document), ...housekeeping(document)];
}

const alarmed = (alarm: Alarm): Need => ({ tone: "fault", what: alarm.text, why: "", href: "/app/power", step: "Look at it" });

function chargersOut(document: Document): Need[] {
  return Object.entries(document.chargers)
    .filter(([, charger]) => charger.online === false || charger.status === "faulted")
    .map(([id, charger]) => ({
      tone: "fault",
      what: `${charger.name}: ${stateOf(charger).word.toLowerCase()}`,
      why: charger.fault ? faultOf(charger) : "Look at its power and its network.",
      href: `/app/chargers/${encodeURIComponent(id)}`,
      step: "Details",
    }));
}

function metersOut(document: Document): Need[] {
  return Object.values(document.meters)
    .filter((meter) => meter.online === false)
    .map((meter) => ({
      tone: "fault",
      what: `Meter ${meter.name} does not answer`,
      why: "Nothing is raised while it is silent.",
      href: "/app/power",
      step: "Look at it",
    }));
}

function housekeeping(document: Document): Need[] {
  const needs: Need[] = [];
  const { problems, needs_restart: waiting } = document.config;
  if (problems > 0) {
    needs.push({
      tone: "waiting",
      what: "config.yaml has an error",
      why: "The hub goes on with what it had. evhub check-config says where.",
      href: "/app/more",
      step: "Details",
    });
  }
  if (waiting.length > 0) {
    needs.push({ tone: "waiting", what: "A setting waits for a restart", why: waiting.join(", "), href: "/app/more", step: "Details" });
  }
  const found = document.candidates.length;
  if (found > 0) {
    needs.push({
      tone: "off",
      what: found === 1 ? "A device was found" : `${found} devices were found`,
      why: "They wait to be put into the drawing.",
      href: "/app/devices",
      step: "See them",
    });
  }
  return needs;
}
