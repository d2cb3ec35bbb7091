// A device of the drawing, and what one does to it: rename, test, put another in its place, take it out.

import { css, html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import "./do.ts";
import "./trial.ts";
import { order } from "../api.ts";
import { look } from "../look.ts";
import { session } from "../session.ts";
import type { Candidate } from "../types.ts";
import { Form, said } from "./form.ts";

export interface Device {
  kind: "charger" | "meter";
  id: string;
  name: string;
  station: string;
  integration: string;
  circuit: string | null;
}

type Open = "" | "rename" | "replace";

@customElement("ev-known")
export class Known extends Form {
  static override styles = [
    look,
    css`
      form {
        margin-top: 12px;
      }
      .orders {
        align-items: flex-start;
        margin-top: 8px;
      }
    `,
  ];

  @property({ attribute: false }) device!: Device;
  @property({ attribute: false }) candidates: Candidate[] = [];
  @state() private open: Open = "";

  private get called(): string {
    return `${this.device.kind}s.${this.device.id}`;
  }

  override render() {
    const { kind, id, name, station, integration, circuit } = this.device;
    return html`
      <div class="row between">
        <h3>${name}</h3>
        <span class="muted small">${[kind, integration, station, circuit].filter(Boolean).join(" · ")}</span>
      </div>
      <div class="row orders">
        ${kind === "charger" ? html`<ev-trial .charger=${id}></ev-trial>` : nothing} ${this.opener("rename", "Rename")}
        ${this.opener("replace", "Replace")}
        <ev-do order="device.retire" label="Retire" kind="danger" .args=${{ device: this.called }} @done=${this.changed}
          confirm="${name} leaves the drawing. A running session ends; its history stays."></ev-do>
      </div>
      ${this.open === "rename" ? this.renaming() : this.open === "replace" ? this.replacing() : nothing}
    `;
  }

  private opener(what: "rename" | "replace", word: string) {
    if (!session.may(`device.${what}`)) return nothing;
    const isOpen = this.open === what;
    return html`<button aria-expanded=${isOpen} @click=${() => (this.open = isOpen ? "" : what)}>${word}</button>`;
  }

  private renaming() {
    return html`<form @submit=${this.submitted}>
      <div>
        <label for="name">Name; the id “${this.device.id}” stays for ever</label>
        <input id="name" name="name" required maxlength="100" .value=${this.device.name} />
      </div>
      ${this.refusal()}
      <div><button class="primary" aria-disabled=${this.busy}>Rename</button></div>
    </form>`;
  }

  private replacing() {
    const fitting = this.candidates.filter((candidate) => candidate.kind === this.device.kind);
    if (fitting.length === 0) return html`<p class="muted">No other ${this.device.kind} was found. Connect the new one first; it appears above.</p>`;
    return html`<form @submit=${this.submitted}>
      <div>
        <label for="station">Device that takes its place; name, circuit and history stay</label>
        <select id="station" name="station">
          ${fitting.map(({ station, model }) => html`<option value=${station}>${station} ${model ?? ""}</option>`)}
        </select>
      </div>
      ${this.refusal()}
      <div><button class="primary" aria-disabled=${this.busy}>Replace</button></div>
    </form>`;
  }

  protected async send(fields: FormData): Promise<void> {
    const what = this.open === "rename" ? { name: said(fields, "name") } : { station: said(fields, "station") };
    await order(`device.${this.open}`, { device: this.called, ...what });
    this.open = "";
    this.changed();
  }

  private changed = (): void => void this.dispatchEvent(new Event("changed"));
}
