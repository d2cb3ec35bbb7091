// The circuit tree as rows in reading order, and where the keys lead in it. Pure.

import type { Charger, Circuit, Document } from "./types.ts";

export interface Row {
  id: string;
  level: number;
  parent: string | null;
  /** Position among its siblings, from 1, and how many there are. */
  position: number;
  siblings: number;
  circuit?: Circuit;
  charger?: Charger;
}

/** Rows of the tree: a circuit, then its chargers and its circuits. Those below a closed circuit are left out. */
export function rowsOf(document: Document, closed: ReadonlySet<string>): Row[] {
  const roots = Object.keys(document.circuits).filter((id) => document.circuits[id]!.parent === null);
  const place = { level: 1, parent: null, siblings: roots.length };
  return roots.flatMap((id, i) => below(document, closed, { ...place, id: `circuits.${id}`, position: i + 1 }));
}

function below(document: Document, closed: ReadonlySet<string>, row: Row): Row[] {
  const [kind, name] = split(row.id);
  if (kind === "chargers") return [{ ...row, charger: document.chargers[name]! }];
  const self = { ...row, circuit: document.circuits[name]! };
  if (closed.has(row.id)) return [self];
  const ids = childrenOf(document, name);
  const children = ids.map((id, i) => ({ id, level: row.level + 1, parent: row.id, position: i + 1, siblings: ids.length }));
  return [self, ...children.flatMap((child) => below(document, closed, child))];
}

function childrenOf(document: Document, circuit: string): string[] {
  const chargers = Object.entries(document.chargers).filter(([, charger]) => charger.circuit === circuit);
  const circuits = Object.entries(document.circuits).filter(([, one]) => one.parent === circuit);
  return [...chargers.map(([id]) => `chargers.${id}`), ...circuits.map(([id]) => `circuits.${id}`)];
}

export function split(id: string): [string, string] {
  const at = id.indexOf(".");
  return [id.slice(0, at), id.slice(at + 1)];
}

export interface Step {
  focus?: string;
  toggle?: string;
}

/** What a key does on a row, as in the ARIA treegrid pattern; null when the browser shall have it. */
export function stepOf(key: string, rows: Row[], id: string, closed: ReadonlySet<string>): Step | null {
  const at = Math.max(0, rows.findIndex((row) => row.id === id));
  const row = rows[at]!;
  const focus = (index: number): Step => ({ focus: rows[Math.min(rows.length - 1, Math.max(0, index))]!.id });
  switch (key) {
    case "ArrowDown":
      return focus(at + 1);
    case "ArrowUp":
      return focus(at - 1);
    case "Home":
      return focus(0);
    case "End":
      return focus(rows.length - 1);
    case "ArrowRight":
      if (row.circuit && closed.has(row.id)) return { toggle: row.id };
      return row.circuit ? focus(at + 1) : {};
    case "ArrowLeft":
      if (row.circuit && !closed.has(row.id)) return { toggle: row.id };
      return row.parent === null ? {} : { focus: row.parent };
    default:
      return null;
  }
}
