// Chargers as rows: state, power, energy, and why it is not more.

import { css, html, nothing } from "lit";

import { amps, kilowattHours, kilowatts, UNKNOWN } from "../format.ts";
import { live } from "../live.ts";
import type { Charger } from "../types.ts";
import { reasonOf } from "../words.ts";
import { stateMark } from "./state.ts";

export const baysLook = css`
  .bay {
    background: var(--surface);
    border: 1px solid var(--border);
    border-radius: 12px;
    padding: 8px 16px;
    display: grid;
    gap: 0 16px;
    grid-template-columns: minmax(5rem, 1fr) 11rem 6rem 6rem 6rem minmax(0, 3fr);
    align-items: baseline;
    position: relative;
  }
  .bay a {
    font-weight: 600;
    color: var(--text);
  }
  .bay a::after {
    content: "";
    position: absolute;
    inset: 0;
    border-radius: 12px;
  }
  .bay a:hover {
    color: var(--accent);
  }
  .bay .why {
    color: var(--muted);
    overflow-wrap: anywhere;
  }
  @media (max-width: 800px) {
    .bay {
      grid-template-columns: minmax(0, 1fr) auto auto;
    }
    .bay .state {
      grid-column: 1;
      grid-row: 2;
    }
    .bay .limit {
      grid-row: 2;
      grid-column: 2 / -1;
    }
    .bay .why {
      grid-column: 1 / -1;
    }
  }
`;

export const hrefOf = (id: string): string => `/app/chargers/${encodeURIComponent(id)}`;

export function bayRow([id, charger]: [string, Charger]) {
  const limit = charger.limit_reason === "no_car" ? nothing : charger.limit_a === null ? UNKNOWN : `≤ ${amps(charger.limit_a)} A`;
  return html`<li class="bay">
    <a href=${hrefOf(id)}>${charger.name}</a>
    <span class="state">${stateMark(charger)}</span>
    <span class="number">${kilowatts(charger.power_w)} kW</span>
    <span class="number">${charger.session ? html`${kilowattHours(charger.session.energy_wh)} kWh` : nothing}</span>
    <span class="number muted limit">${limit}</span>
    <span class="why">${reasonOf(charger, live.zone)}</span>
  </li>`;
}

export const bayList = (chargers: [string, Charger][]) => html`<ul class="plain">${chargers.map(bayRow)}</ul>`;
