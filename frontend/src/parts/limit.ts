// Ask a charger for less, or take that back. It only ever lowers: fuses win.

import { css, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";

import { order } from "../api.ts";
import { amps } from "../format.ts";
import { look } from "../look.ts";
import type { Charger } from "../types.ts";
import { Form, saidNumber } from "./form.ts";

@customElement("ev-limit")
export class Limit extends Form {
  static override styles = [
    look,
    css`
      form {
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
        align-items: center;
        max-width: none;
      }
      input {
        width: 6rem;
        text-align: right;
      }
    `,
  ];

  @property() charger = "";
  @property({ attribute: false }) live: Charger | null = null;

  override render() {
    const asked = this.live?.requested_a ?? null;
    return html`<form @submit=${this.submitted}>
        <label for="most">At most</label>
        <input id="most" name="most" inputmode="decimal" required .placeholder=${amps(this.live?.drawn.max_a)} />
        <span>A</span>
        <button aria-disabled=${this.busy}>Set limit${this.busy ? " …" : ""}</button>
        ${asked === null ? nothing : html`<ev-do order="charger.set_limit" label="No limit (${amps(asked)} A now)"
              .args=${{ charger: this.charger, limit_a: null }}></ev-do>`}
      </form>
      ${this.refusal()}`;
  }

  protected async send(fields: FormData): Promise<void> {
    await order("charger.set_limit", { charger: this.charger, limit_a: saidNumber(fields, "most") });
    this.shadowRoot?.querySelector("form")?.reset();
  }
}
