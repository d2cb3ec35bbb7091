// People and tokens: who may come in, and what each is to the site.

import { css, html, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import "../parts/do.ts";
import "../parts/newcomer.ts";
import { order, type Refusal } from "../api.ts";
import { day, UNKNOWN, when } from "../format.ts";
import { live } from "../live.ts";
import { look } from "../look.ts";
import { Page } from "../parts/page.ts";
import { asRefusal, refusalNote } from "../parts/refusal.ts";
import { session } from "../session.ts";

interface Person {
  name: string;
  roles: string[];
  seen_at: string | null;
}

interface Token {
  name: string;
  roles: string[];
  made_by: string;
  ends_at: string | null;
}

interface Secret {
  name: string;
  password?: string;
  token?: string;
}

@customElement("ev-people")
export class People extends Page {
  static override styles = [
    look,
    css`
      section {
        margin-bottom: 24px;
      }
      .secret {
        border: 2px solid var(--waiting);
      }
      .secret code {
        font-size: 1.25rem;
        overflow-wrap: anywhere;
      }
      ul .row {
        align-items: flex-start;
      }
    `,
  ];

  @state() private people: Person[] = [];
  @state() private tokens: Token[] = [];
  @state() private secret: Secret | null = null;
  @state() private refusal: Refusal | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.list();
  }

  private list = async (): Promise<void> => {
    try {
      const [people, tokens] = await Promise.all([
        order<{ users: Person[] }>("user.list", {}),
        order<{ tokens: Token[] }>("token.list", {}),
      ]);
      [this.people, this.tokens, this.refusal] = [people.users, tokens.tokens, null];
    } catch (thrown) {
      this.refusal = asRefusal(thrown);
    }
  };

  private done = (event: CustomEvent<Secret>): void => {
    const { name, password, token } = event.detail;
    this.secret = password || token ? { name, ...(password ? { password } : {}), ...(token ? { token } : {}) } : null;
    void this.list();
  };

  override render() {
    return html`
      <h1 tabindex="-1">People and tokens</h1>
      <p class="lead">Everybody sees only what their roles need.</p>
      ${refusalNote(this.refusal)} ${this.secret ? this.shown(this.secret) : nothing}
      <section aria-labelledby="people">
        <h2 id="people">People</h2>
        <ul class="plain">${this.people.map((person) => html`<li class="card">${this.person(person)}</li>`)}</ul>
      </section>
      <section class="card" aria-labelledby="new">
        <h2 id="new">Let somebody in</h2>
        <ev-newcomer order="user.add" word="Add" @done=${this.done}></ev-newcomer>
      </section>
      <section aria-labelledby="tokens">
        <h2 id="tokens">Tokens of programs</h2>
        ${this.tokens.length === 0 ? html`<p class="muted">None.</p>` : nothing}
        <ul class="plain">${this.tokens.map((token) => html`<li class="card">${this.token(token)}</li>`)}</ul>
      </section>
      <section class="card" aria-labelledby="make">
        <h2 id="make">Make a token</h2>
        <ev-newcomer order="token.create" word="Make" @done=${this.done}></ev-newcomer>
      </section>
    `;
  }

  private shown({ name, password, token }: Secret) {
    return html`<div class="card secret" role="status">
      <p>${token ? `The token of ${name}` : `The password of ${name}`}: write it down, it is shown only now.</p>
      <p><code>${token ?? password}</code></p>
      <button @click=${() => (this.secret = null)}>I have it</button>
    </div>`;
  }

  private person({ name, roles, seen_at: seen }: Person) {
    const isMe = name === session.me?.name;
    return html`
      <div class="row between">
        <h3>${name}${isMe ? " (you)" : ""}</h3>
        <span class="muted small">last seen ${seen ? when(seen, live.zone, live.now) : UNKNOWN}</span>
      </div>
      <p>${roles.join(", ")}</p>
      <div class="row">
        <details>
          <summary>Change roles</summary>
          <ev-newcomer order="user.role" word="Change" .name=${name} .roles=${roles} @done=${this.done}></ev-newcomer>
        </details>
        <ev-do order="user.reset" label="New password" .args=${{ name }} @done=${this.done}
          confirm="${name} is logged out everywhere, and gets a password that is shown once."></ev-do>
        <ev-do ?hidden=${isMe} order="user.remove" label="Remove" kind="danger" .args=${{ name }} @done=${this.done} confirm="${name} cannot log in any more."></ev-do>
      </div>
    `;
  }

  private token({ name, roles, made_by: by, ends_at: ends }: Token) {
    return html`
      <div class="row between">
        <h3>${name}</h3>
        <span class="muted small">made by ${by}${ends ? `, ends ${day(ends, live.zone)}` : ""}</span>
      </div>
      <p>${roles.join(", ")}</p>
      <ev-do order="token.revoke" label="Revoke" kind="danger" .args=${{ name }} @done=${this.done} confirm="What uses ${name} is locked out at once."></ev-do>
    `;
  }
}

