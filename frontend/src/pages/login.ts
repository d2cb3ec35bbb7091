// Log in: a name and a password that may be pasted; afterwards one is back where one was.

import { html, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import { post, read } from "../api.ts";
import { Form } from "../parts/form.ts";
import { type Me, session } from "../session.ts";

const LOST = html`A lost password: an owner gives you a new one, or <code>evhub user reset</code> on the machine of the hub.`;

@customElement("ev-login")
export class Login extends Form {
  @state() private isClaimable = false;

  override firstUpdated(): void {
    read<{ claimable: boolean }>("claim").then(
      ({ claimable }) => (this.isClaimable = claimable),
      () => undefined, // then it is not offered
    );
  }

  override render() {
    return html`<div class="card door">
      <h1 tabindex="-1">Log in</h1>
      ${this.back === "/app/" ? nothing : html`<p class="lead">Log in to go on where you were.</p>`}
      <form @submit=${this.submitted}>
        <div>
          <label for="name">Name</label>
          <input id="name" name="name" autocomplete="username" autocapitalize="none" required autofocus />
        </div>
        <div>
          <label for="password">Password</label>
          <input id="password" name="password" type="password" autocomplete="current-password" required />
        </div>
        ${this.refusal()}
        <div><button class="primary" aria-disabled=${this.busy}>Log in${this.busy ? " …" : ""}</button></div>
      </form>
      <p class="muted">
        ${this.isClaimable ? html`Nobody owns this hub yet: <a href="/claim">claim it</a> with the code that it printed.` : LOST}
      </p>
    </div>`;
  }

  private get back(): string {
    const next = new URLSearchParams(location.search).get("next") ?? "";
    return /^\/app(\/|$)/.test(next) ? next : "/app/";
  }

  protected async send(fields: FormData): Promise<void> {
    session.enter(await post<Me>("login", { name: fields.get("name"), password: fields.get("password") }));
    location.assign(this.back);
  }
}
