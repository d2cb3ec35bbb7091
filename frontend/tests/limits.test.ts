// What limits a charger, smallest first, and which of it binds.

import assert from "node:assert/strict";
import { test } from "node:test";

import { limitsOf } from "../src/limits.ts";
import { charger, site } from "./site.ts";

const shown = (more: Parameters<typeof charger>[1]): string[] =>
  limitsOf(charger("garage", more), site()).map(({ name, amps, binds }) => `${name} ${amps}${binds ? " binds" : ""}`);

test("a fuse that binds stands first, with what it leaves", () => {
  assert.deepEqual(shown({}), ["Share of Garage 6.6 binds", "Charger's maximum 32", "Grid connection, for all 63"]);
});

test("what somebody asked for", () => {
  const asked = { limit_reason: "request", limit_circuit: null, requested_a: 8, limit_a: 8 };
  assert.deepEqual(shown(asked), ["Asked for 8 binds", "Garage, for all 20", "Charger's maximum 32", "Grid connection, for all 63"]);
});

test("paused", () => {
  assert.equal(shown({ limit_reason: "paused", limit_circuit: null, allowed: false, limit_a: 0 })[0], "Paused 0 binds");
});

test("its own maximum, or what the car takes", () => {
  const own = { limit_reason: "charger", limit_circuit: null };
  assert.ok(shown({ ...own, limit_a: 32 }).includes("Charger's maximum 32 binds"));
  assert.equal(shown({ ...own, limit_a: 9 })[0], "What the car takes 9 binds");
});

test("a reason that this page does not know yet is named all the same", () => {
  assert.equal(shown({ limit_reason: "full_moon", limit_circuit: null, limit_a: 6 })[0], "full moon 6 binds");
});
