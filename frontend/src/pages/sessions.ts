// Sessions: a month at a time, of all bays or one, with totals and a file for the accountant.

import { css, html, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import { order, type Refusal } from "../api.ts";
import { isoDay, kilowattHours, monthAfter, monthName, number } from "../format.ts";
import { live } from "../live.ts";
import { look } from "../look.ts";
import { Page } from "../parts/page.ts";
import { asRefusal, refusalNote } from "../parts/refusal.ts";
import { csvOf, type Kept, sessionTable } from "../parts/sessions.ts";
import { navigate } from "../router.ts";

const MOST = 10_000;

interface Listed {
  sessions: Kept[];
  more: number;
  totals: { sessions: number; energy_wh: number | null }[];
}

@customElement("ev-sessions")
export class Sessions extends Page {
  static override styles = [
    look,
    css`
      .bar {
        margin-bottom: 12px;
      }
      select {
        width: auto;
      }
      h2 {
        margin: 0;
        color: var(--text);
        min-width: 10rem;
        text-align: center;
      }
    `,
  ];

  @state() private listed: Listed | null = null;
  @state() private refusal: Refusal | null = null;
  private asked = "";

  private get month(): string {
    const said = new URLSearchParams(location.search).get("month") ?? "";
    return /^\d{4}-(0[1-9]|1[0-2])$/.test(said) ? said : isoDay(live.now, live.zone).slice(0, 7);
  }

  private get charger(): string {
    return new URLSearchParams(location.search).get("charger") ?? "";
  }

  override willUpdate(): void {
    const wanted = `${this.month} ${this.charger}`;
    if (wanted !== this.asked) {
      this.asked = wanted;
      void this.list();
    }
  }

  private async list(): Promise<void> {
    const wanted = this.asked;
    const month = { since: `${this.month}-01`, until: `${monthAfter(this.month, 1)}-01`, limit: MOST };
    try {
      const listed = await order<Listed>("sessions.list", this.charger ? { ...month, charger: this.charger } : month);
      if (wanted === this.asked) [this.listed, this.refusal] = [listed, null];
    } catch (thrown) {
      this.refusal = asRefusal(thrown);
    }
  }

  override render() {
    const [before, after] = [monthAfter(this.month, -1), monthAfter(this.month, 1)];
    const isLast = after > isoDay(live.now, live.zone).slice(0, 7);
    return html`
      <h1 tabindex="-1">Sessions</h1>
      <p class="lead">${this.sum()}</p>
      <div class="row between bar">
        <nav class="row" aria-label="Months">
          <a class="button" href=${this.href(before)} aria-label=${monthName(before)}>‹</a>
          <h2>${monthName(this.month)}</h2>
          ${isLast ? nothing : html`<a class="button" href=${this.href(after)} aria-label=${monthName(after)}>›</a>`}
        </nav>
        <label class="row">Bay
          <select @change=${(event: Event) => navigate(this.href(this.month, (event.target as HTMLSelectElement).value))}>
            <option value="">all</option>
            ${Object.entries(this.site.chargers).map(([id, { name }]) => html`<option value=${id} ?selected=${id === this.charger}>${name}</option>`)}
          </select>
        </label>
        <button @click=${this.save} ?hidden=${!this.listed?.sessions.length}>Save as CSV</button>
      </div>
      ${refusalNote(this.refusal)}
      <div class="card">${this.listed === null ? html`<p class="muted">One moment …</p>` : this.table(this.listed)}</div>
    `;
  }

  private table({ sessions, more }: Listed) {
    const nameOf = (charger: string): string => this.site.chargers[charger]?.name ?? charger;
    return html`${sessionTable(sessions, live.zone, live.now, nameOf)}
    ${more > 0 ? html`<p>${more} more are not shown: take one bay, or <code>evhub sessions</code>.</p>` : nothing}`;
  }

  private sum(): string {
    const totals = this.listed?.totals ?? [];
    if (totals.length === 0) return "";
    const energy = totals.reduce((sum, total) => sum + (total.energy_wh ?? 0), 0);
    return `${number(totals.reduce((sum, total) => sum + total.sessions, 0), 0)} sessions · ${kilowattHours(energy)} kWh`;
  }

  private href(month: string, charger = this.charger): string {
    return `/app/sessions?${new URLSearchParams(charger ? { month, charger } : { month })}`;
  }

  private save(): void {
    const file = new Blob([csvOf(this.listed?.sessions ?? [], live.zone)], { type: "text/csv" });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = `sessions-${this.month}${this.charger ? `-${this.charger}` : ""}.csv`;
    link.click();
    URL.revokeObjectURL(link.href);
  }
}
