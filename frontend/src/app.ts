// The frame around every page: navigation, whether the picture is live, and the one place that reads aloud.

import { css, html, LitElement, nothing } from "lit";
import { customElement, query, state } from "lit/decorators.js";
import { html as raw, unsafeStatic } from "lit/static-html.js";

import { clock } from "./format.ts";
import { live, Watching } from "./live.ts";
import { look } from "./look.ts";
import { isInside, navigate, type Place, placeOf, watchAddress } from "./router.ts";
import { session } from "./session.ts";
import { sentenceOf } from "./words.ts";

const SPEAK_MS = 10_000;
const PAGES = [
  ["/app/", "Today", "☀"],
  ["/app/chargers", "Chargers", "▲"],
  ["/app/power", "Power", "≡"],
  ["/app/sessions", "Sessions", "☰"],
  ["/app/more", "More", "⋯"],
] as const;

@customElement("ev-app")
export class App extends LitElement {
  static override styles = [
    look,
    css`
      header {
        position: sticky;
        top: 0;
        z-index: 2;
        background: var(--surface);
        border-bottom: 1px solid var(--border);
        display: flex;
        align-items: center;
        gap: 4px 24px;
        padding: 8px 16px;
        min-height: 3.5rem;
      }
      .site {
        font-weight: 600;
        margin: 0;
        flex: 1;
      }
      nav {
        display: flex;
        gap: 4px;
      }
      nav a {
        padding: 8px 12px;
        border-radius: 6px;
        color: var(--text);
        text-decoration: none;
        white-space: nowrap;
      }
      nav a[aria-current] {
        color: var(--accent);
        font-weight: 600;
        box-shadow: inset 0 -2px var(--accent);
        border-radius: 0;
      }
      nav .shape {
        display: none;
      }
      .link {
        margin: 0;
        white-space: nowrap;
      }
      main {
        max-width: 1200px;
        margin: 0 auto;
        padding: 16px 16px 48px;
      }
      .stale {
        background: var(--sunken);
        border-bottom: 2px solid var(--fault);
        padding: 8px 16px;
        margin: 0;
      }
      .skip:not(:focus) {
        position: absolute;
        width: 1px;
        height: 1px;
        overflow: hidden;
        clip-path: inset(50%);
      }
      @media (max-width: 800px) {
        header {
          flex-wrap: wrap;
          min-height: 0;
        }
        nav {
          position: fixed;
          inset: auto 0 0;
          z-index: 2;
          background: var(--surface);
          border-top: 1px solid var(--border);
          justify-content: space-around;
          gap: 0;
          padding-bottom: env(safe-area-inset-bottom);
        }
        nav a {
          flex: 1;
          min-width: 0;
          text-align: center;
          padding: 6px 2px;
          font-size: 0.75rem;
          line-height: 1.25rem;
          overflow: hidden;
          text-overflow: ellipsis;
        }
        nav a[aria-current] {
          box-shadow: inset 0 2px var(--accent);
        }
        nav .shape {
          display: block;
          font-size: 1.125rem;
        }
        main.inside {
          padding-bottom: calc(var(--bar) + 32px);
        }
      }
      @media print {
        header,
        nav {
          display: none;
        }
      }
    `,
  ];

  @state() private place: Place | null = null;
  @state() private isKnown = false;
  @state() private spoken = "";
  @query("main > *") private page!: HTMLElement | null;
  private spokenMs = -SPEAK_MS;

  constructor() {
    super();
    new Watching(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    session.addEventListener("lost", this.toLogin);
    session.addEventListener("change", () => this.requestUpdate());
    watchAddress((path) => void this.go(path));
    void this.begin();
  }

  private async begin(): Promise<void> {
    if (isInside(location.pathname) && !(await session.resume())) return this.toLogin();
    await this.go(location.pathname);
  }

  private toLogin = (): void => {
    live.stop();
    if (isInside(location.pathname)) navigate(`/login?next=${encodeURIComponent(location.pathname + location.search)}`, "replace");
  };

  private async go(path: string): Promise<void> {
    const place = placeOf(path);
    if (isInside(path)) live.start();
    await place.load();
    const isFirst = !this.isKnown;
    this.place = place;
    this.isKnown = true;
    await this.updateComplete;
    if (!isFirst) this.focusPage();
  }

  /** After a change of page the reader stands at its title, as after loading a document. */
  private async focusPage(): Promise<void> {
    const page = this.page as LitElement | null;
    await page?.updateComplete;
    page?.shadowRoot?.querySelector<HTMLElement>("h1")?.focus();
  }

  override willUpdate(): void {
    const site = live.document?.site.name ?? "evhub";
    document.title = this.place ? `${this.place.title} · ${site}` : site;
    const now = live.document ? sentenceOf(live.document) : "";
    if (now !== this.spoken && performance.now() - this.spokenMs >= SPEAK_MS) {
      this.spoken = now;
      this.spokenMs = performance.now();
    }
  }

  override render() {
    if (!this.place) return nothing;
    return isInside(location.pathname) ? this.inside(this.place) : html`<main>${pageOf(this.place)}</main>`;
  }

  private inside(place: Place) {
    return html`
      <header>
        <a class="skip" href="#main" @click=${this.skip}>To the content</a>
        <p class="site">${live.document?.site.name ?? "evhub"}</p>
        <nav aria-label="Pages">${PAGES.map(([path, name, shape]) => this.link(path, name, shape))}</nav>
        ${this.linkState()}
      </header>
      ${this.stale()}
      <main id="main" class="inside" tabindex="-1">${live.document ? pageOf(place) : waiting()}</main>
      <p class="unseen" role="status">${this.spoken}</p>
    `;
  }

  private link(path: string, name: string, shape: string) {
    const here = path === "/app/" ? /^\/app\/?$/.test(location.pathname) : belowOf(path).some((one) => location.pathname.startsWith(one));
    return html`<a href=${path} aria-current=${here ? "page" : nothing}>
      <span class="shape" aria-hidden="true">${shape}</span>${name}
    </a>`;
  }

  private linkState() {
    if (live.isLive) return html`<p class="link charging"><span aria-hidden="true">●</span> live</p>`;
    const word = navigator.onLine ? "no contact" : "offline";
    return html`<p class="link fault"><span aria-hidden="true">✕</span> ${live.lostAt ? word : "connecting"}</p>`;
  }

  private stale() {
    if (live.isLive || !live.lostAt) return nothing;
    const why = navigator.onLine ? "No contact with the hub" : "This device is offline";
    const since = clock(live.lostAt, live.document ? live.zone : Intl.DateTimeFormat().resolvedOptions().timeZone);
    const old = live.document ? "What you see is from then. " : "";
    return html`<p class="stale fault" role="alert">${why} since ${since}. ${old}It is tried again by itself.</p>`;
  }

  private skip(event: Event): void {
    event.preventDefault();
    this.page?.parentElement?.focus();
  }
}

function pageOf({ element, args }: Place) {
  const tag = unsafeStatic(element);
  return raw`<${tag} .args=${args}></${tag}>`;
}

const belowOf = (path: string): readonly string[] => (path === "/app/more" ? [path, "/app/devices", "/app/people"] : [path]);

const waiting = () => html`<h1 tabindex="-1">One moment</h1>
  <p class="lead">Waiting for the hub …</p>`;
