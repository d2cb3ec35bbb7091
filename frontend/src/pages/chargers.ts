// Chargers: every bay, by the circuit that it hangs on.

import { css, html } from "lit";
import { customElement } from "lit/decorators.js";

import { look } from "../look.ts";
import { bayList, baysLook } from "../parts/bays.ts";
import { Page } from "../parts/page.ts";
import { circuitName } from "../words.ts";

@customElement("ev-chargers")
export class Chargers extends Page {
  static override styles = [look, baysLook, css`section { margin-bottom: 16px; }`];

  override render() {
    const { total, online, charging } = this.site.site.chargers;
    return html`
      <h1 tabindex="-1">Chargers</h1>
      <p class="lead">${charging} of ${total} charging, ${online} in contact.</p>
      ${Object.keys(this.site.circuits).map((circuit) => this.group(circuit))}
    `;
  }

  private group(id: string) {
    const below = Object.entries(this.site.chargers).filter(([, charger]) => charger.circuit === id);
    if (below.length === 0) return "";
    return html`<section aria-label=${circuitName(id, this.site.circuits[id]!)}>
      <h2>${circuitName(id, this.site.circuits[id]!)}</h2>
      ${bayList(below)}
    </section>`;
  }
}
