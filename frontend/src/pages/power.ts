// Power: the electrical drawing as a tree, with what flows on each line, what is left, and why each charger has what it has.

import { css, html, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import "../parts/bar.ts";
import "../parts/chart.ts";
import { age, amps, clock, kilowatts, UNKNOWN } from "../format.ts";
import { live } from "../live.ts";
import { look } from "../look.ts";
import { hrefOf } from "../parts/bays.ts";
import { Page } from "../parts/page.ts";
import { stateMark } from "../parts/state.ts";
import { navigate } from "../router.ts";
import { type Row, rowsOf, split, stepOf } from "../tree.ts";
import { type Charger, type Circuit, type Line, LINES, type Meter } from "../types.ts";
import { circuitName, reasonOf, roomOf, safePlanOf, share } from "../words.ts";

@customElement("ev-power")
export class Power extends Page {
  static override styles = [
    look,
    css`
      .tree {
        background: var(--surface);
        border: 1px solid var(--border);
        border-radius: 12px;
        padding: 4px 0;
        margin-bottom: 16px;
      }
      .tree [role="row"] {
        display: grid;
        grid-template-columns: minmax(12rem, 2fr) repeat(3, minmax(5.5rem, 1fr)) 5rem minmax(14rem, 4fr);
        gap: 2px 16px;
        align-items: center;
        padding: 6px 16px;
        border-bottom: 1px solid var(--border);
      }
      .tree [role="row"]:last-child {
        border-bottom: 0;
      }
      .tree [role="row"]:focus-visible {
        outline-offset: -2px;
      }
      .head {
        font-size: 0.875rem;
        color: var(--muted);
      }
      .name {
        display: flex;
        gap: 6px;
        align-items: baseline;
        font-weight: 600;
        min-width: 0;
      }
      .charger .name {
        font-weight: 400;
      }
      .name > span:last-child {
        overflow-wrap: anywhere;
      }
      .level-2 .name {
        padding-left: 1.25rem;
      }
      .level-3 .name {
        padding-left: 2.5rem;
      }
      .level-4 .name {
        padding-left: 3.75rem;
      }
      .twist {
        min-height: 1.5rem;
        min-width: 1.5rem;
        padding: 0;
        border: 0;
        background: none;
        justify-content: center;
      }
      .why {
        color: var(--muted);
        overflow-wrap: anywhere;
      }
      .why .fault,
      .why .waiting {
        font-weight: 600;
      }
      select {
        width: auto;
      }
      @media (min-width: 801px) {
        .phone {
          display: none;
        }
      }
      @media (max-width: 800px) {
        .tree [role="row"] {
          grid-template-columns: repeat(3, minmax(0, 1fr));
        }
        .head {
          display: none !important;
        }
        .name {
          grid-column: 1 / 3;
        }
        .room {
          grid-column: 3;
          grid-row: 1;
        }
        .why {
          grid-column: 1 / -1;
        }
        .level-2 .name,
        .level-3 .name,
        .level-4 .name {
          padding-left: 0;
        }
        .charger {
          border-left: 4px solid var(--border);
        }
      }
    `,
  ];

  @state() private closed: ReadonlySet<string> = new Set();
  @state() private current = "circuits.grid";
  @state() private charted = "grid";

  override render() {
    return html`
      <h1 tabindex="-1">Power</h1>
      <p class="lead">${this.balancing()}</p>
      ${this.safePlan()}
      ${this.tree()}
      <div class="cards">
        <section class="card" aria-labelledby="meters">
          <h2 id="meters">Meters</h2>
          ${this.meters()}
        </section>
      </div>
      <section class="card" aria-labelledby="history">
        <div class="row between">
          <h2 id="history">Current over time</h2>
          <label class="row">Circuit
            <select @change=${(event: Event) => (this.charted = (event.target as HTMLSelectElement).value)}>
              ${Object.entries(this.site.circuits).map(([id, circuit]) => html`<option value=${id}>${circuitName(id, circuit)}</option>`)}
            </select>
          </label>
        </div>
        <ev-chart of="circuits.${this.charted}" .limit=${this.site.circuits[this.charted]?.limit_a.l1 ?? null}></ev-chart>
      </section>
    `;
  }

  private balancing() {
    const balancing = this.site.site.balancing;
    if (balancing === null) return "Nothing was shared out yet.";
    if (balancing.state === "running") return `Current is shared out since ${clock(balancing.since, live.zone)}.`;
    return `Starting: nothing is raised until ${balancing.waits_for.join(", ")} spoke.`;
  }

  private safePlan() {
    const plan = safePlanOf(this.site);
    return plan === null ? nothing : html`<p class=${plan.tone}><span aria-hidden="true">${plan.shape}</span> ${plan.word}</p>`;
  }

  private tree() {
    const rows = rowsOf(this.site, this.closed);
    const focusable = rows.some((row) => row.id === this.current) ? this.current : rows[0]?.id;
    return html`<div class="tree" role="treegrid" aria-label="Circuits and chargers, amps per phase" @keydown=${this.pressed}>
      <div role="row" class="head">
        <span role="columnheader">Circuit or charger</span>
        ${LINES.map((line) => html`<span role="columnheader">${line.toUpperCase()}, A</span>`)}
        <span role="columnheader" class="number">Room</span>
        <span role="columnheader">Why</span>
      </div>
      ${rows.map((row) => this.row(row, row.id === focusable))}
    </div>`;
  }

  private row(row: Row, isFocusable: boolean) {
    return html`<div
      role="row"
      id=${row.id}
      class="level-${Math.min(4, row.level)} ${row.charger ? "charger" : "circuit"}"
      tabindex=${isFocusable ? 0 : -1}
      aria-level=${row.level}
      aria-posinset=${row.position}
      aria-setsize=${row.siblings}
      aria-expanded=${row.circuit ? String(!this.closed.has(row.id)) : nothing}
      @focus=${() => (this.current = row.id)}
    >
      ${row.circuit ? this.circuit(row, row.circuit) : this.charger(row, row.charger!)}
    </div>`;
  }

  private circuit(row: Row, circuit: Circuit) {
    const room = roomOf(circuit);
    return html`
      <span role="gridcell" class="name">
        <button class="twist" tabindex="-1" aria-hidden="true" @click=${() => this.toggle(row.id)}>${this.closed.has(row.id) ? "▸" : "▾"}</button>
        <span>${circuitName(split(row.id)[1], circuit)}</span>
      </span>
      ${LINES.map((line) => this.cell(line, circuit.current_a[line], circuit.limit_a[line], share(circuit, line)))}
      <span role="gridcell" class="number room"><span class="phone muted">room </span>${amps(room === null ? null : Math.max(0, room))} A</span>
      <span role="gridcell" class="why">${this.circuitSays(circuit, room)}</span>
    `;
  }

  private circuitSays(circuit: Circuit, room: number | null) {
    const summed = circuit.measured ? "" : "Summed from what hangs on it.";
    if (circuit.over) {
      const by = room !== null && room < 0 ? `by ${amps(-room)} A` : "its limit";
      return html`<span class="fault"><span aria-hidden="true">✕</span> over ${by}: cars are slowed down</span>`;
    }
    if (circuit.binding) return html`<span class="waiting"><span aria-hidden="true">◄</span> All of it is promised to cars</span>. ${summed}`;
    return summed;
  }

  private charger(row: Row, charger: Charger) {
    const link = html`<a tabindex="-1" href=${hrefOf(split(row.id)[1])}>${charger.name}</a>`;
    return html`
      <span role="gridcell" class="name"><span>${link} ${stateMark(charger)}</span></span>
      ${LINES.map((line) => this.cell(line, charger.current_a[line], null, shareOf(charger.current_a[line], charger.drawn.max_a)))}
      <span role="gridcell" class="number room">${charger.limit_reason === "no_car" ? nothing : html`≤ ${amps(charger.limit_a)} A`}</span>
      <span role="gridcell" class="why">${reasonOf(charger, live.zone)}</span>
    `;
  }

  private cell(line: Line, current: number | null, limit: number | null, filled: number | null) {
    return html`<span role="gridcell">
      <span class="row between small"><span class="unseen">${line.toUpperCase()} </span><span>${amps(current)}</span>
      ${limit === null ? nothing : html`<span class="muted">of ${amps(limit, 0)}</span>`}</span>
      <ev-bar .share=${filled}></ev-bar>
    </span>`;
  }

  private toggle(id: string): void {
    const closed = new Set(this.closed);
    if (!closed.delete(id)) closed.add(id);
    this.closed = closed;
    this.current = id;
  }

  private pressed(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const [kind, name] = split(this.current);
    if (event.key === "Enter") {
      event.preventDefault();
      return kind === "chargers" ? navigate(hrefOf(name)) : this.toggle(this.current);
    }
    const step = stepOf(event.key, rowsOf(this.site, this.closed), this.current, this.closed);
    if (step === null) return;
    event.preventDefault();
    if (step.toggle) this.toggle(step.toggle);
    if (step.focus) this.renderRoot.querySelector<HTMLElement>(`[id="${CSS.escape(step.focus)}"]`)?.focus();
  }

  private meters() {
    const meters = Object.values(this.site.meters);
    if (meters.length === 0) return html`<p class="muted">None is in the drawing: currents are summed from the cars.</p>`;
    return html`<ul class="plain">${meters.map((meter) => html`<li>${this.meter(meter)}</li>`)}</ul>`;
  }

  private meter(meter: Meter) {
    const heard = meter.measured_at ? `${age((live.now.getTime() - Date.parse(meter.measured_at)) / 1000)} ago` : UNKNOWN;
    const [shape, word, tone] = meter.online === false ? ["✕", "no answer", "fault"] : ["●", heard, "charging"];
    return html`<div class="row between">
      <span>${meter.name}</span><span class=${tone!}><span aria-hidden="true">${shape}</span> ${word}</span>
      <span>${kilowatts(meter.power_w)} kW</span>
    </div>`;
  }
}

const shareOf = (amps: number | null, most: number): number | null => (amps === null ? null : amps / most);
