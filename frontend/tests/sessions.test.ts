// Sessions as a file for a spreadsheet.

import assert from "node:assert/strict";
import { test } from "node:test";

import { csvOf, type Kept } from "../src/parts/sessions.ts";

const KEPT: Kept = {
  id: "a1",
  charger: "bay-1",
  token: "=1+1",
  plugged_at: null,
  started_at: "2026-11-25T23:30:00Z",
  ended_at: null,
  energy_wh: null,
  reason: 'a, "b"',
  flags: ["estimated", "resumed"],
};

test("by the clock of the site; what is unknown stays empty, and no cell is a formula", () => {
  const [head, row] = csvOf([KEPT], "Europe/Brussels").trim().split("\r\n");
  assert.equal(head, "start,end,charger,token,energy_wh,reason,flags,id");
  assert.equal(row, `2026-11-26 00:30,,bay-1,'=1+1,,"a, ""b""",estimated resumed,a1`);
});
