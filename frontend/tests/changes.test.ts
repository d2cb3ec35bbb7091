// What changes of the picture comes to the same as the whole of it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { changed } from "../src/changes.ts";
import { charger, site } from "./site.ts";

const CHANGE = { kind: "change" as const, epoch: "e", seq: 7, ts: "2026-11-25T12:00:01.000Z" };

test("one charger moves, another has gone, a third is new", () => {
  const moved = charger("garage", { power_w: 1 });
  const after = changed(site(), { ...CHANGE, chargers: { "bay-1": moved, "bay-2": null, "bay-4": moved } });
  assert.deepEqual(Object.keys(after.chargers), ["bay-1", "bay-3", "bay-4"]);
  assert.equal(after.chargers["bay-1"]!.power_w, 1);
  assert.equal(after.ts, CHANGE.ts);
  assert.deepEqual(after.circuits, site().circuits);
  assert.ok(!("seq" in after));
});

test("all else comes as a whole", () => {
  const after = changed(site(), { ...CHANGE, candidates: [], time_zone: "Europe/Brussels" });
  assert.deepEqual([after.candidates, after.time_zone], [[], "Europe/Brussels"]);
});
