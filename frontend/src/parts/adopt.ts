// Put a found device into the drawing: what people call it, where it hangs, and how it is wired.

import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";

import { order } from "../api.ts";
import type { Candidate, Circuit } from "../types.ts";
import { circuitName } from "../words.ts";
import { Form, said, saidNumber } from "./form.ts";

const WIRINGS = ["L1,L2,L3", "L2,L3,L1", "L3,L1,L2", "L1", "L2", "L3"];

@customElement("ev-adopt")
export class Adopt extends Form {
  @property({ attribute: false }) device!: Candidate;
  @property({ attribute: false }) circuits: Record<string, Circuit> = {};

  override render() {
    const isCharger = this.device.kind === "charger";
    return html`<form @submit=${this.submitted} aria-label="Adopt ${this.device.station}">
      <div>
        <label for="name">Name, as it is painted on the bay</label>
        <input id="name" name="name" maxlength="100" placeholder="Bay 3" />
      </div>
      ${isCharger && (this.device.connectors ?? 1) > 1 ? this.outlet(this.device.connectors!) : nothing}
      <div>
        <label for="circuit">${isCharger ? "Circuit that feeds it" : "Circuit that it measures"}</label>
        <select id="circuit" name="circuit" ?required=${isCharger}>
          <option value="">${isCharger ? "choose …" : "none"}</option>
          ${Object.entries(this.circuits).map(([id, circuit]) => html`<option value=${id}>${circuitName(id, circuit)}</option>`)}
        </select>
      </div>
      ${isCharger ? this.wiring() : nothing} ${this.refusal()}
      <div class="row">
        <button class="primary" aria-disabled=${this.busy}>Adopt${this.busy ? " …" : ""}</button>
        <button type="button" @click=${() => this.dispatchEvent(new Event("closed"))}>Leave it</button>
      </div>
    </form>`;
  }

  private outlet(outlets: number) {
    const numbers = Array.from({ length: outlets }, (_, i) => i + 1);
    return html`<div>
      <label for="connector">Outlet</label>
      <select id="connector" name="connector">${numbers.map((n) => html`<option value=${n}>${n}</option>`)}</select>
    </div>`;
  }

  private wiring() {
    return html`
      <div>
        <label for="phases">Supply line behind each terminal</label>
        <select id="phases" name="phases">
          <option value="">not known: it counts on every line</option>
          ${WIRINGS.map((lines) => html`<option value=${lines}>${lines.replaceAll(",", " ")}</option>`)}
        </select>
      </div>
      <div>
        <label for="max_a">Most that charger and cable carry, A per phase</label>
        <input id="max_a" name="max_a" inputmode="decimal" placeholder="32" />
      </div>
    `;
  }

  protected async send(fields: FormData): Promise<void> {
    const wishes = {
      name: said(fields, "name"),
      connector: saidNumber(fields, "connector"),
      circuit: said(fields, "circuit"),
      phases: said(fields, "phases")?.split(","),
      max_a: saidNumber(fields, "max_a"),
    };
    const adopted = await order<{ id: string }>("device.adopt", { station: this.device.station, ...wishes });
    this.dispatchEvent(new CustomEvent("adopted", { detail: adopted }));
  }
}
