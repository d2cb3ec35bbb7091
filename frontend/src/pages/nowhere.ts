// An address that means nothing.

import { html, LitElement } from "lit";
import { customElement } from "lit/decorators.js";

import { look } from "../look.ts";

@customElement("ev-nowhere")
export class Nowhere extends LitElement {
  static override styles = look;

  override render() {
    return html`<h1 tabindex="-1">There is no such page</h1>
      <p class="lead">Nothing is at this address.</p>
      <p><a href="/app/">Go to Today</a></p>`;
  }
}
