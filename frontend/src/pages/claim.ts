// Claim a new hub: with the one-time code that it printed, somebody becomes its owner.

import { html } from "lit";
import { customElement } from "lit/decorators.js";

import { post } from "../api.ts";
import { Form, said } from "../parts/form.ts";
import { type Me, session } from "../session.ts";

@customElement("ev-claim")
export class Claim extends Form {
  override render() {
    return html`<div class="card door">
      <h1 tabindex="-1">Claim this hub</h1>
      <p class="lead">Whoever has its code becomes its owner.</p>
      <form @submit=${this.submitted}>
        <div>
          <label for="code">Code, which the hub printed at its start</label>
          <input id="code" name="code" autocomplete="one-time-code" autocapitalize="none" spellcheck="false" required autofocus
            .value=${new URLSearchParams(location.search).get("code") ?? ""} />
        </div>
        <div>
          <label for="name">Your name, to log in with</label>
          <input id="name" name="name" autocomplete="username" autocapitalize="none" required />
        </div>
        <div>
          <label for="password">Password: four or five words make a good one</label>
          <input id="password" name="password" type="password" autocomplete="new-password" required />
        </div>
        ${this.refusal()}
        <div><button class="primary" aria-disabled=${this.busy}>Claim${this.busy ? " …" : ""}</button></div>
      </form>
      <p class="muted">It is claimed already? <a href="/login">Log in</a>.</p>
    </div>`;
  }

  protected async send(fields: FormData): Promise<void> {
    const claim = { code: said(fields, "code"), name: said(fields, "name"), password: fields.get("password") };
    session.enter(await post<Me>("claim", claim));
    location.assign("/app/");
  }
}
