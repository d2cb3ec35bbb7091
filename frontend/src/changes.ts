// The live line's messages: a snapshot, then what changes, numbered within an epoch. Pure.

import type { Document } from "./types.ts";

export interface Snapshot {
  kind: "snapshot";
  epoch: string;
  seq: number;
  status: Document;
}

export type Change = { kind: "change"; epoch: string; seq: number; ts: string } & Record<string, unknown>;

const BY_ID: ReadonlySet<string> = new Set(["chargers", "circuits", "meters"]);
const ENVELOPE: ReadonlySet<string> = new Set(["kind", "epoch", "seq"]);

/** The document after a change: devices and circuits one by one, null where one has gone, all else as a whole. */
export function changed(document: Document, change: Change): Document {
  const news = Object.entries(change).filter(([part]) => !ENVELOPE.has(part));
  const before = document as unknown as Record<string, unknown>;
  const parts = news.map(([part, value]) => [part, BY_ID.has(part) ? merged(before[part], value) : value]);
  return { ...document, ...Object.fromEntries(parts) };
}

function merged(before: unknown, news: unknown): object {
  const items = Object.entries({ ...(before as object), ...(news as object) });
  return Object.fromEntries(items.filter(([, item]) => item !== null));
}
