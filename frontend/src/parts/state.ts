// A charger's state: shape, word and colour, never colour alone.

import { html } from "lit";

import type { Charger } from "../types.ts";
import { stateOf } from "../words.ts";

export function stateMark(charger: Charger) {
  const { shape, word, tone } = stateOf(charger);
  return html`<span class=${tone}><span aria-hidden="true">${shape}</span> ${word}</span>`;
}
