// A refusal beside the control that it belongs to: what the hub said, and the next step.

import { html, nothing } from "lit";

import { Refusal } from "../api.ts";

export function refusalNote(refusal: Refusal | null) {
  if (refusal === null) return nothing;
  const step = refusal.next ? html`<br /><span class="muted">Next: ${refusal.next}</span>` : nothing;
  return html`<p class="fault" role="alert"><span aria-hidden="true">✕</span> ${refusal.message}${step}</p>`;
}

/** What was thrown, as a Refusal; anything else is a fault of the page and goes on. */
export function asRefusal(thrown: unknown): Refusal {
  if (thrown instanceof Refusal) return thrown;
  throw thrown;
}
