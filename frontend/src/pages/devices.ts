// Devices: what was found and waits, and what is in the drawing.

import { css, html, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import "../parts/adopt.ts";
import "../parts/known.ts";
import { order } from "../api.ts";
import { when } from "../format.ts";
import { live } from "../live.ts";
import { look } from "../look.ts";
import type { Device } from "../parts/known.ts";
import { Page } from "../parts/page.ts";
import { session } from "../session.ts";
import type { Candidate } from "../types.ts";

@customElement("ev-devices")
export class Devices extends Page {
  static override styles = [
    look,
    css`
      section {
        margin-bottom: 24px;
      }
      li {
        display: grid;
        gap: 8px;
        justify-items: start;
      }
      li > * {
        max-width: 100%;
      }
      li > .between,
      li > ev-known,
      li > ev-adopt {
        width: 100%;
      }
      ul + p {
        margin-top: 8px;
      }
    `,
  ];

  @state() private devices: Device[] = [];
  @state() private open = "";
  @state() private adopted = "";
  private drawn = "";

  override willUpdate(): void {
    const drawn = [...Object.keys(this.site.chargers), ...Object.keys(this.site.meters)].join(" ");
    if (drawn !== this.drawn) {
      this.drawn = drawn;
      void this.list();
    }
  }

  private list = async (): Promise<void> => {
    try {
      this.devices = (await order<{ devices: Device[] }>("device.list", {})).devices;
    } catch {
      this.drawn = ""; // asked again with the next picture
    }
  };

  override render() {
    const found = this.site.candidates;
    return html`
      <h1 tabindex="-1">Devices</h1>
      <p class="lead">${found.length === 0 ? "Nothing waits to be adopted." : `${found.length} found, not adopted yet.`}</p>
      ${this.adopted ? html`<p class="charging" role="status"><span aria-hidden="true">✓</span> ${this.adopted} is in the drawing.</p>` : nothing}
      <section aria-labelledby="found">
        <h2 id="found">Found</h2>
        <ul class="plain">${found.map((candidate) => html`<li class="card">${this.candidate(candidate)}</li>`)}</ul>
        <p class="muted small">
          Not here? Look at its power and its network. An OCPP charger is pointed at the hub: its address is in the first lines that the hub printed.
        </p>
      </section>
      <section aria-labelledby="drawn">
        <h2 id="drawn">In the drawing</h2>
        <ul class="plain">
          ${this.devices.map(
            (device) => html`<li class="card"><ev-known .device=${device} .candidates=${found} @changed=${this.list}></ev-known></li>`,
          )}
        </ul>
      </section>
    `;
  }

  private candidate(candidate: Candidate) {
    const { kind, station, integration, model, address, confidence, ts } = candidate;
    const isOpen = this.open === station;
    const where = address ? `${address.host}:${address.port}` : null;
    return html`
      <div class="row between">
        <h3>${station}</h3>
        <span class="muted small">${[kind, model, integration, where, confidence, `seen ${when(ts, live.zone, live.now)}`].filter(Boolean).join(" · ")}</span>
      </div>
      ${session.may("device.adopt") && !isOpen
        ? html`<button aria-label="Adopt ${station}" @click=${() => (this.open = station)}>Adopt …</button>`
        : nothing}
      ${isOpen
        ? html`<ev-adopt .device=${candidate} .circuits=${this.site.circuits} @closed=${() => (this.open = "")} @adopted=${this.done}></ev-adopt>`
        : nothing}
    `;
  }

  private done(event: CustomEvent<{ id: string }>): void {
    [this.open, this.adopted] = ["", event.detail.id];
    void this.list();
  }
}
