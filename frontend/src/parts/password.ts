// Another password for whoever is logged in; all other logins end.

import { html, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import { post } from "../api.ts";
import { type Me, session } from "../session.ts";
import { Form } from "./form.ts";

@customElement("ev-password")
export class Password extends Form {
  @state() private isDone = false;

  override render() {
    return html`<form @submit=${this.submitted}>
      <div>
        <label for="old">Password now</label>
        <input id="old" name="old" type="password" autocomplete="current-password" required />
      </div>
      <div>
        <label for="new">New password: four or five words make a good one</label>
        <input id="new" name="new" type="password" autocomplete="new-password" required />
      </div>
      ${this.refusal()} ${this.isDone ? html`<p class="charging" role="status"><span aria-hidden="true">✓</span> It counts from now on.</p>` : nothing}
      <div><button aria-disabled=${this.busy}>Change password${this.busy ? " …" : ""}</button></div>
    </form>`;
  }

  protected async send(fields: FormData): Promise<void> {
    this.isDone = false;
    session.enter(await post<Me>("password", { old: fields.get("old"), new: fields.get("new") }));
    this.isDone = true;
    this.shadowRoot?.querySelector("form")?.reset();
  }
}
