// Today: how the site is now, what needs somebody, and every bay in a row.

import { css, html, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import "../parts/bar.ts";
import { order } from "../api.ts";
import { kilowattHours, kilowatts, number } from "../format.ts";
import { look } from "../look.ts";
import { bayList, baysLook } from "../parts/bays.ts";
import { Page } from "../parts/page.ts";
import { type Need, needsOf, sentenceOf } from "../words.ts";

const AGAIN_MS = 60_000;

interface Totals {
  rows: { chargers_wh: number | null; grid_import_wh: number | null; grid_export_wh: number | null }[];
}

interface Source {
  name: string;
  watts: number | null;
}

@customElement("ev-today")
export class Today extends Page {
  static override styles = [
    look,
    baysLook,
    css`
      .source {
        display: grid;
        grid-template-columns: 5.5rem 1fr 5.5rem;
        gap: 8px;
        align-items: center;
      }
      .need {
        border-left: 4px solid currentColor;
        padding-left: 12px;
      }
      .need > * {
        margin: 0;
      }
      .need > p:first-child {
        color: var(--text);
      }
      @media (max-width: 800px) {
        .all {
          display: flex;
          flex-direction: column;
          gap: 12px;
        }
        .cards {
          display: contents;
        }
        .needs {
          order: -2;
        }
        .bays {
          order: -1;
        }
      }
      .big {
        font-size: 1.75rem;
        line-height: 2.125rem;
      }
    `,
  ];

  @state() private today: Totals["rows"][number] | null = null;
  @state() private sessions: number | null = null;
  private timer: number | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.count();
    this.timer = setInterval(() => void this.count(), AGAIN_MS);
  }

  override disconnectedCallback(): void {
    clearInterval(this.timer);
    super.disconnectedCallback();
  }

  /** The day so far; without an answer it stays as it was. */
  private async count(): Promise<void> {
    try {
      const since = { since: "today" };
      const [totals, listed] = await Promise.all([
        order<Totals>("history.totals", since),
        order<{ sessions: unknown[]; more: number }>("sessions.list", { ...since, limit: 1 }),
      ]);
      this.today = totals.rows[0] ?? null;
      this.sessions = listed.sessions.length + listed.more;
    } catch {
      // The frame says when there is no contact.
    }
  }

  override render() {
    const needs = needsOf(this.site);
    return html`
      <h1 tabindex="-1">Today</h1>
      <p class="lead">${sentenceOf(this.site)}</p>
      <div class="all"><div class="cards">
        <section class="card" aria-labelledby="now">
          <h2 id="now">Power now</h2>
          ${this.sources().map((source) => this.sourceRow(source))}
        </section>
        <section class="card" aria-labelledby="day">
          <h2 id="day">Today so far</h2>
          <p class="big">${kilowattHours(this.today?.chargers_wh)} kWh</p>
          <p>into cars, in ${number(this.sessions, 0)} sessions</p>
          <p class="muted">${kilowattHours(this.today?.grid_import_wh)} kWh from the grid</p>
        </section>
        ${needs.length > 0 ? this.needs(needs) : nothing}
      </div>
      <section class="bays" aria-labelledby="bays">
        <h2 id="bays">Bays</h2>
        ${this.bays()}
      </section></div>
    `;
  }

  private bays() {
    const chargers = Object.entries(this.site.chargers);
    if (chargers.length > 0) return bayList(chargers);
    return html`<p>Point a charger at the hub, or <a href="/app/devices">adopt one that was found</a>.</p>`;
  }

  /** The rest of the site is what the meter says less the cars: unknown where one of them is. A free bay draws nothing. */
  private sources(): Source[] {
    const grid = this.site.site.power_w;
    const drawn = Object.values(this.site.chargers).map((one) => (one.online && one.status === "available" ? 0 : one.power_w));
    const cars = drawn.includes(null) ? null : drawn.reduce<number>((sum, watts) => sum + (watts ?? 0), 0);
    const rest = grid === null || cars === null || !this.site.circuits.grid?.measured ? null : grid - cars;
    return [
      { name: grid !== null && grid < 0 ? "To the grid" : "Grid", watts: grid === null ? null : Math.abs(grid) },
      { name: "Cars", watts: cars },
      { name: rest !== null && rest < 0 ? "Surplus" : "The rest", watts: rest === null ? null : Math.abs(rest) },
    ];
  }

  private sourceRow({ name, watts }: Source) {
    const largest = Math.max(1, ...this.sources().map((source) => source.watts ?? 0));
    return html`<div class="source">
      <span>${name}</span>
      <ev-bar plain .share=${watts === null ? null : watts / largest}></ev-bar>
      <span class="number">${kilowatts(watts)} kW</span>
    </div>`;
  }

  private needs(needs: Need[]) {
    return html`<section class="card needs" aria-labelledby="needs">
      <h2 id="needs">Needs you (${needs.length})</h2>
      <ul class="plain">
        ${needs.map(
          (need) => html`<li class="need ${need.tone}">
            <p>${need.what}</p>
            ${need.why ? html`<p class="muted small">${need.why}</p>` : nothing}
            <a href=${need.href} aria-label="${need.step}: ${need.what}">${need.step}</a>
          </li>`,
        )}
      </ul>
    </section>`;
  }

}
