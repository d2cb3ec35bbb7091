// Numbers and times as people read them.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as f from "../src/format.ts";

test("unknown is a dash and never nought", () => {
  for (const unknown of [null, undefined]) {
    assert.equal(f.kilowatts(unknown), "–");
    assert.equal(f.kilowattHours(unknown), "–");
    assert.equal(f.amps(unknown), "–");
  }
  assert.equal(f.number(Number.NaN, 1), "–");
  assert.equal(f.amps(0), "0.0");
  assert.equal(f.amps(-0.01), "0.0");
});

test("watts and watt-hours", () => {
  assert.equal(f.kilowatts(4512), "4.5");
  assert.equal(f.kilowattHours(12_310), "12.31");
  assert.equal(f.kilowattHours(5_310_400), "5,310");
});

test("times are the site's, wherever the reader is", () => {
  const late = "2026-11-25T23:30:00Z";
  assert.equal(f.clock(late, "Europe/Brussels"), "00:30");
  assert.equal(f.clockWithSeconds(late, "UTC"), "23:30:00");
  assert.equal(f.when(late, "Europe/Brussels", new Date("2026-11-26T08:00:00Z")), "00:30");
  assert.equal(f.when(late, "UTC", new Date("2026-11-26T08:00:00Z")), "25 Nov 23:30");
  assert.equal(f.isoDay(new Date(late), "Europe/Brussels"), "2026-11-26");
});

test("durations and ages", () => {
  assert.equal(f.duration(9480), "2:38");
  assert.equal(f.duration(-5), "0:00");
  assert.deepEqual([4, 840, 7300, 200_000].map(f.age), ["4 s", "14 min", "2 h", "2 days"]);
});

test("months", () => {
  assert.equal(f.monthName("2026-11"), "November 2026");
  assert.equal(f.monthAfter("2026-12", 1), "2027-01");
  assert.equal(f.monthAfter("2026-01", -1), "2025-12");
});
