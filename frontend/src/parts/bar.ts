// A bar that shows how much of a limit is used; the number always stands beside it. Over the limit it is hatched.

import { css, html, LitElement, nothing, svg } from "lit";
import { customElement, property } from "lit/decorators.js";

@customElement("ev-bar")
export class Bar extends LitElement {
  static override styles = css`
    :host {
      display: block;
      min-width: 2rem;
    }
    svg {
      display: block;
      width: 100%;
      height: 0.75rem;
      border: 1px solid var(--edge);
      border-radius: 4px;
      background: var(--sunken);
    }
    .fill {
      fill: var(--charging);
    }
    .near .fill {
      fill: var(--waiting);
    }
    .over .fill {
      fill: var(--fault);
    }
    .plain .fill {
      fill: var(--grid);
    }
    .hatch {
      stroke: var(--surface);
      stroke-width: 2;
    }
  `;

  /** 0 to 1, and above when it is over; null when nobody knows. */
  @property({ attribute: false }) share: number | null = null;
  @property({ type: Boolean }) plain = false;

  override render() {
    const filled = Math.min(1, Math.max(0, this.share ?? 0)) * 100;
    const over = (this.share ?? 0) > 1.005;
    const tone = over ? "over" : this.plain ? "plain" : (this.share ?? 0) > 0.9 ? "near" : "";
    return html`<svg class=${tone} viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
      <rect class="fill" width=${filled} height="10"></rect>
      ${over ? svg`<path class="hatch" d="M10 10 20 0M30 10 40 0M50 10 60 0M70 10 80 0M90 10 100 0"></path>` : nothing}
    </svg>`;
  }
}
