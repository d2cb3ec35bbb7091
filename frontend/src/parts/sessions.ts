// Charging sessions in a table, and as CSV for a spreadsheet.

import { html } from "lit";

import { clock, duration, isoDay, kilowattHours, when } from "../format.ts";

export interface Kept {
  id: string;
  charger: string;
  token: string | null;
  plugged_at: string | null;
  started_at: string;
  ended_at: string | null;
  energy_wh: number | null;
  reason: string | null;
  flags: string[];
}

function lastedS({ started_at: started, ended_at: ended }: Kept, now: Date): number {
  return ((ended ? Date.parse(ended) : now.getTime()) - Date.parse(started)) / 1000;
}

/** `nameOf` adds a column for the bay. */
export function sessionTable(sessions: Kept[], zone: string, now: Date, nameOf?: (charger: string) => string) {
  if (sessions.length === 0) return html`<p class="muted">None in this time.</p>`;
  return html`<table>
    <thead>
      <tr>
        <th>Start</th>
        ${nameOf ? html`<th>Bay</th>` : ""}
        <th class="number">kWh</th>
        <th class="number">Time, h</th>
        <th>End</th>
      </tr>
    </thead>
    <tbody>
      ${sessions.map(
        (kept) => html`<tr>
          <td class="nowrap">${when(kept.started_at, zone, now)}</td>
          ${nameOf ? html`<td>${nameOf(kept.charger)}</td>` : ""}
          <td class="number">${kilowattHours(kept.energy_wh)}</td>
          <td class="number">${duration(lastedS(kept, now))}</td>
          <td>${kept.ended_at ? (kept.reason ?? "").replaceAll("_", " ") : RUNNING}</td>
        </tr>`,
      )}
    </tbody>
  </table>`;
}

const RUNNING = html`<span class="charging nowrap"><span aria-hidden="true">●</span> running</span>`;
const COLUMNS = ["start", "end", "charger", "token", "energy_wh", "reason", "flags", "id"];

/** Text cells that a spreadsheet would take for a formula are told apart by an apostrophe. */
export function csvOf(sessions: Kept[], zone: string): string {
  const rows = sessions.map((kept) => [
    sortable(kept.started_at, zone),
    kept.ended_at ? sortable(kept.ended_at, zone) : "",
    kept.charger,
    kept.token ?? "",
    kept.energy_wh ?? "",
    kept.reason ?? "",
    kept.flags.join(" "),
    kept.id,
  ]);
  return [COLUMNS, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

const sortable = (moment: string, zone: string): string => `${isoDay(new Date(moment), zone)} ${clock(moment, zone)}`;

function cell(value: string | number): string {
  const text = typeof value === "string" && /^[=+\-@\t]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

