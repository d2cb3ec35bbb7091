// A name and roles: for somebody new, a token, or what somebody shall be from now on.

import { css, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";

import { order, Refusal } from "../api.ts";
import { look } from "../look.ts";
import { ROLES } from "../roles.ts";
import { Form, said } from "./form.ts";

@customElement("ev-newcomer")
export class Newcomer extends Form {
  static override styles = [
    look,
    css`
      fieldset {
        border: 0;
        padding: 0;
        margin: 0;
        display: grid;
        gap: 8px;
      }
      legend {
        font-size: 0.875rem;
        color: var(--muted);
        padding: 0;
      }
      fieldset label {
        display: flex;
        gap: 8px;
        align-items: flex-start;
        font-size: 1rem;
        color: var(--text);
      }
      fieldset input {
        flex: none;
        margin: 2px 0 0;
      }
      form {
        margin: 8px 0;
      }
    `,
  ];

  @property() order = "";
  @property() word = "";
  @property({ attribute: false }) name = "";
  @property({ attribute: false }) roles: string[] = [];

  override render() {
    return html`<form @submit=${this.submitted}>
      ${this.name
        ? nothing
        : html`<div>
            <label for="name">Name: letters, digits and . _ @ + -</label>
            <input id="name" name="name" required maxlength="64" autocapitalize="none" autocomplete="off" />
          </div>`}
      <fieldset>
        <legend>Roles</legend>
        ${ROLES.map(
          ([role, says]) => html`<label
            ><input type="checkbox" name="roles" value=${role} ?checked=${this.roles.includes(role)} /><span>${role} <span class="muted">– ${says}</span></span></label
          >`,
        )}
      </fieldset>
      ${this.refusal()}
      <div><button class="primary" aria-disabled=${this.busy}>${this.word}${this.busy ? " …" : ""}</button></div>
    </form>`;
  }

  protected async send(fields: FormData): Promise<void> {
    const roles = fields.getAll("roles");
    if (roles.length === 0) throw new Refusal("invalid", "Without a role there is nothing to see.", "Choose at least one.");
    const detail = await order(this.order, { name: this.name || said(fields, "name"), roles });
    this.shadowRoot?.querySelector("form")?.reset();
    this.dispatchEvent(new CustomEvent("done", { detail }));
  }
}
