// More: the pages that are not for every day, the theme, and the way out.

import { html, nothing } from "lit";
import { customElement } from "lit/decorators.js";

import "../parts/password.ts";
import { post } from "../api.ts";
import { live } from "../live.ts";
import { Page } from "../parts/page.ts";
import { session } from "../session.ts";

const THEMES = [
  ["", "As the system"],
  ["light", "Light"],
  ["dark", "Dark"],
] as const;

@customElement("ev-more")
export class More extends Page {
  override render() {
    return html`
      <h1 tabindex="-1">More</h1>
      <p class="lead">${session.me ? `You are ${session.me.name}: ${session.me.roles.join(", ")}.` : nothing}</p>
      <div class="cards">
        <section class="card" aria-labelledby="pages">
          <h2 id="pages">Pages</h2>
          <ul class="plain">
            <li><a href="/app/devices">Devices</a>: found, adopted, tested, renamed</li>
            ${session.may("user.list") ? html`<li><a href="/app/people">People and tokens</a></li>` : nothing}
            <li><a href="/">The site's public page</a></li>
          </ul>
        </section>
        <section class="card" aria-labelledby="looks">
          <h2 id="looks">Looks</h2>
          <label for="theme">Theme</label>
          <select id="theme" @change=${this.choose}>
            ${THEMES.map(([value, word]) => html`<option value=${value} ?selected=${value === chosen()}>${word}</option>`)}
          </select>
        </section>
        ${this.configuration()}
        ${session.me
          ? html`<section class="card" aria-labelledby="out">
              <h2 id="out">Your login</h2>
              <p><button @click=${this.leave}>Log out</button></p>
              <details>
                <summary>Change password</summary>
                <ev-password></ev-password>
              </details>
            </section>`
          : nothing}
      </div>
      <p class="muted small">Times are those of the site: ${live.zone}.</p>
    `;
  }

  private configuration() {
    const { file, problems, needs_restart: waiting } = this.site.config;
    return html`<section class="card" aria-labelledby="file">
      <h2 id="file">Configuration</h2>
      <p><code>${file}</code></p>
      ${problems > 0
        ? html`<p class="fault"><span aria-hidden="true">✕</span> It has ${problems === 1 ? "an error" : `${problems} errors`}; the hub goes on
            with what it had. <code>evhub check-config</code> says where.</p>`
        : html`<p class="charging"><span aria-hidden="true">✓</span> In order</p>`}
      ${waiting.length > 0 ? html`<p class="waiting">Counts after a restart: ${waiting.join(", ")}</p>` : nothing}
    </section>`;
  }

  private choose(event: Event): void {
    const theme = (event.target as HTMLSelectElement).value;
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    try {
      if (theme) localStorage.setItem("evhub-theme", theme);
      else localStorage.removeItem("evhub-theme");
    } catch {
      // Storage is closed: it counts until the next reload.
    }
  }

  private async leave(): Promise<void> {
    await post("logout").catch(() => undefined);
    location.assign("/login");
  }
}

const chosen = (): string => document.documentElement.dataset.theme ?? "";
