// What the pages say of the site.

import assert from "node:assert/strict";
import { test } from "node:test";

import { needsOf, reasonOf, safePlanOf, sentenceOf, stateOf } from "../src/words.ts";
import { charger, site } from "./site.ts";

test("each state is a word", () => {
  const word = (more: Parameters<typeof charger>[1]) => stateOf(charger("garage", more)).word;
  assert.equal(word({}), "Charging");
  assert.equal(word({ online: false }), "No contact");
  assert.equal(word({ online: null }), "Not heard of yet");
  assert.equal(word({ status: null }), "Unknown");
  assert.equal(word({ limit_a: 0 }), "Waiting");
  assert.equal(word({ limit_reason: "paused", limit_a: 0, status: "suspended_evse" }), "Paused");
});

test("who waits knows his turn, by the site's clock", () => {
  const waits = { limit_text: "waits: number 2 in the queue", queue_position: 2, queue_until: "2026-11-25T12:30:00Z" };
  const said = reasonOf(charger("garage", waits), "Europe/Brussels");
  assert.equal(said, "waits: number 2 in the queue · its turn about 13:30");
});

test("the site in a sentence", () => {
  assert.equal(sentenceOf(site()), "2 of 3 bays charging. Garage is at 99 %.");
  const two = site();
  two.chargers["bay-3"] = charger("yard", { name: "Bay 7", online: false });
  assert.equal(sentenceOf(two), "2 of 3 bays charging. Garage is at 99 %. Bay 7 is out.");
});

test("without the hub", () => {
  const document = site();
  assert.equal(safePlanOf(document)?.word, "Safe without the hub: each charger falls back to its share.");
  document.site.safe_plan = { state: "partly", chargers: ["bay-2"] };
  document.chargers["bay-2"] = charger("garage", { name: "Bay 2" });
  assert.equal(safePlanOf(document)?.word, "Partly safe without the hub: Bay 2 would keep the last limit.");
});

test("what needs somebody, worst first", () => {
  const bad = site();
  bad.site.alarms = [{ code: "circuit_over_limit", text: "Garage is over its limit", since: null }];
  bad.chargers["bay-2"] = charger("garage", { name: "Bay 2", status: "faulted", fault: { code: "GroundFailure", vendor_code: null, text: null } });
  bad.config.problems = 1;
  assert.deepEqual(needsOf(bad).map((need) => need.what), ["Garage is over its limit", "Bay 2: fault", "config.yaml has an error"]);
  assert.deepEqual(needsOf(site()), []);
});
