// One charger: what it does and why, what limits it, what one can order, its history and sessions.

import { css, html, nothing, type PropertyValues } from "lit";
import { customElement, state } from "lit/decorators.js";

import "../parts/bar.ts";
import "../parts/chart.ts";
import "../parts/do.ts";
import "../parts/limit.ts";
import { order } from "../api.ts";
import { age, amps, clock, dayAndClock, duration, kilowattHours, kilowatts, UNKNOWN } from "../format.ts";
import { limitsOf } from "../limits.ts";
import { live } from "../live.ts";
import { look } from "../look.ts";
import { Page } from "../parts/page.ts";
import { type Kept, sessionTable } from "../parts/sessions.ts";
import { stateMark } from "../parts/state.ts";
import { session } from "../session.ts";
import { type Charger as Live, LINES } from "../types.ts";
import { reasonOf } from "../words.ts";

@customElement("ev-charger")
export class Charger extends Page {
  static override styles = [
    look,
    css`
      .phase {
        display: grid;
        grid-template-columns: 2rem 1fr 5rem;
        gap: 8px;
        align-items: center;
      }
      .binds {
        font-weight: 600;
      }
      .back {
        text-decoration: none;
      }
      section {
        margin-bottom: 16px;
      }
      details.more > .row {
        margin-top: 8px;
      }
      .orders {
        align-items: flex-start;
        margin-bottom: 16px;
      }
    `,
  ];

  @state() private sessions: Kept[] | null = null;

  override willUpdate(changed: PropertyValues): void {
    if (changed.has("args")) void this.list();
  }

  private async list(): Promise<void> {
    try {
      this.sessions = (await order<{ sessions: Kept[] }>("sessions.list", { charger: this.args.id, limit: 10 })).sessions;
    } catch {
      this.sessions = null; // the frame says when there is no contact
    }
  }

  override render() {
    const charger = this.site.chargers[this.args.id ?? ""];
    if (!charger) return this.gone();
    return html`
      <a class="back" href="/app/chargers"><span aria-hidden="true">‹</span> Chargers</a>
      <h1 tabindex="-1">${charger.name}</h1>
      <p class="muted">${[charger.vendor, charger.model, charger.firmware && `firmware ${charger.firmware}`].filter(Boolean).join(" · ")}</p>
      <p class="lead">${this.sentence(charger)}</p>
      ${this.orders(charger)}
      <div class="cards">${this.sessionCard(charger)} ${this.phases(charger)} ${this.limits(charger)}</div>
      <section class="card" aria-labelledby="history">
        <h2 id="history">Current over time</h2>
        <ev-chart of=${this.args.id!}></ev-chart>
      </section>
      <section class="card" aria-labelledby="sessions">
        <h2 id="sessions">Last sessions</h2>
        ${this.sessions === null ? html`<p class="muted">${UNKNOWN}</p>` : sessionTable(this.sessions, live.zone, live.now)}
      </section>
    `;
  }

  private gone() {
    return html`<h1 tabindex="-1">No such charger</h1>
      <p class="lead">No charger of the drawing is called “${this.args.id}”. <a href="/app/chargers">See all chargers</a></p>`;
  }

  private sentence(charger: Live) {
    const power = charger.status === "charging" ? html` ${kilowatts(charger.power_w)} kW` : nothing;
    const reason = reasonOf(charger, live.zone);
    const heard = charger.measured_at ? `Measured ${age((live.now.getTime() - Date.parse(charger.measured_at)) / 1000)} ago.` : "";
    return html`${stateMark(charger)}${power}${reason ? html` — ${reason}` : nothing} <span class="muted small">${heard}</span>`;
  }

  private orders(charger: Live) {
    const id = this.args.id!;
    const can = new Set(charger.can);
    return html`<div class="row orders">
      ${charger.allowed
        ? html`<ev-do order="charger.allow" .args=${{ charger: id, allow: false }} label="Pause"></ev-do>`
        : html`<ev-do order="charger.allow" .args=${{ charger: id, allow: true }} label="Resume" kind="primary"></ev-do>`}
      ${can.has("start_stop") && charger.session?.transaction != null
        ? html`<ev-do order="charger.stop" .args=${{ charger: id }} label="Stop session" @done=${() => void this.list()}
            confirm="The charge ends. To go on, the driver has to start again."></ev-do>`
        : nothing}
      ${can.has("unlock") ? html`<ev-do order="charger.unlock" .args=${{ charger: id }} label="Unlock cable"></ev-do>` : nothing}
      ${session.may("charger.set_limit") ? html`<ev-limit .charger=${id} .live=${charger}></ev-limit>` : nothing}
      ${can.has("reset") && session.may("charger.reset") ? this.more(charger) : nothing}
    </div>`;
  }

  private more(charger: Live) {
    const outlets = Object.values(this.site.chargers).filter(({ station }) => station === charger.station).length;
    const others = outlets > 1 ? ` It restarts the whole station, with all its ${outlets} outlets.` : "";
    return html`<details class="more">
      <summary class="button">More</summary>
      <div class="row">
        <ev-do order="charger.reset" .args=${{ charger: this.args.id, hard: false }} label="Restart" kind="danger"
          confirm="A running charge may end.${others}"></ev-do>
      </div>
    </details>`;
  }

  private sessionCard(charger: Live) {
    const running = charger.session;
    return html`<section class="card" aria-labelledby="session">
      <h2 id="session">Session</h2>
      ${running
        ? html`<dl class="pairs">
            <dt>Since</dt>
            <dd>${dayAndClock(running.started_at, live.zone)}</dd>
            <dt>Time</dt>
            <dd>${duration((live.now.getTime() - Date.parse(running.started_at)) / 1000)} h</dd>
            <dt>Energy</dt>
            <dd>${kilowattHours(running.energy_wh)} kWh</dd>
            <dt>Token</dt>
            <dd>${running.token ?? UNKNOWN}</dd>
          </dl>`
        : html`<p class="muted">No car is here.</p>`}
    </section>`;
  }

  private phases(charger: Live) {
    const most = charger.drawn.max_a;
    return html`<section class="card" aria-labelledby="phases">
      <h2 id="phases">Per phase, of ${amps(most, 0)} A</h2>
      ${LINES.map(
        (line) => html`<div class="phase">
          <span>${line.toUpperCase()}</span>
          <ev-bar .share=${charger.current_a[line] === null ? null : charger.current_a[line] / most}></ev-bar>
          <span class="number">${amps(charger.current_a[line])} A</span>
        </div>`,
      )}
      <p class="muted small">
        Measured ${charger.measured_at ? clock(charger.measured_at, live.zone) : UNKNOWN}; the charger holds ${amps(charger.held_a)} A.
      </p>
    </section>`;
  }

  private limits(charger: Live) {
    return html`<section class="card" aria-labelledby="limits">
      <h2 id="limits">Limits, smallest first</h2>
      <table>
        <tbody>
          ${limitsOf(charger, this.site).map(
            (limit) => html`<tr class=${limit.binds ? "binds" : ""}>
              <td>${limit.name}</td>
              <td class="number">${amps(limit.amps)} A</td>
              <td class="nowrap">${limit.binds ? html`<span aria-hidden="true">◄</span> binds` : nothing}</td>
            </tr>`,
          )}
        </tbody>
      </table>
      <p class="muted small">${this.withoutHub(charger)}</p>
    </section>`;
  }

  /** What it falls back to, and when. */
  private withoutHub({ safe_a: safe, lease_until: until, lease_text: why }: Live): string {
    if (why !== null) return `Without the hub it keeps its limit: ${why}.`;
    if (until === null) return "";
    const left = Math.max(0, (Date.parse(until) - live.now.getTime()) / 1000);
    return `Without the hub it falls to ${amps(safe)} A, ${age(left)} from now.`;
  }
}
