// The circuit tree in reading order, and where the keys lead.

import assert from "node:assert/strict";
import { test } from "node:test";

import { rowsOf, stepOf } from "../src/tree.ts";
import { site } from "./site.ts";

const NONE: ReadonlySet<string> = new Set();
const ALL = ["circuits.grid", "circuits.garage", "chargers.bay-1", "chargers.bay-2", "circuits.yard", "chargers.bay-3"];

test("a circuit, then its chargers, then its circuits", () => {
  const rows = rowsOf(site(), NONE);
  assert.deepEqual(rows.map((row) => row.id), ALL);
  assert.deepEqual(rows.map((row) => row.level), [1, 2, 3, 3, 2, 3]);
  assert.deepEqual([rows[4]!.position, rows[4]!.siblings], [2, 2]);
});

test("what is below a closed circuit is left out", () => {
  assert.deepEqual(rowsOf(site(), new Set(["circuits.garage"])).map((row) => row.id), ALL.filter((id) => !/bay-[12]/.test(id)));
});

test("keys", () => {
  const rows = rowsOf(site(), NONE);
  const step = (key: string, id: string) => stepOf(key, rows, id, NONE);
  assert.deepEqual(step("ArrowDown", "circuits.grid"), { focus: "circuits.garage" });
  assert.deepEqual(step("ArrowUp", "circuits.grid"), { focus: "circuits.grid" });
  assert.deepEqual(step("End", "circuits.grid"), { focus: "chargers.bay-3" });
  assert.deepEqual(step("ArrowLeft", "chargers.bay-2"), { focus: "circuits.garage" });
  assert.deepEqual(step("ArrowLeft", "circuits.garage"), { toggle: "circuits.garage" });
  assert.deepEqual(step("ArrowRight", "circuits.garage"), { focus: "chargers.bay-1" });
  assert.deepEqual(step("ArrowRight", "chargers.bay-1"), {});
  assert.equal(step("Tab", "circuits.grid"), null);
});
