// Prove a charger: limit it to 6 A, read back what it holds, and take the limit away again.

import { html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import { order, type Refusal } from "../api.ts";
import { amps } from "../format.ts";
import { live } from "../live.ts";
import { look } from "../look.ts";
import { session } from "../session.ts";
import { asRefusal, refusalNote } from "./refusal.ts";

const TRIAL_A = 6;
const FOLLOW_MS = 30_000; // a slow charger reports every ten seconds or so
const SLACK_A = 0.5; // meters of chargers and cars are no better

interface Step {
  word: string;
  ok: boolean;
}

@customElement("ev-trial")
export class Trial extends LitElement {
  static override styles = look;
  @property() charger = "";
  @state() private busy = false;
  @state() private steps: Step[] = [];
  @state() private refusal: Refusal | null = null;

  override render() {
    if (!session.may("charger.set_limit")) return nothing;
    return html`<button aria-disabled=${this.busy} @click=${this.run}>Test with 6 A${this.busy ? " …" : ""}</button>
      <ul class="plain small" aria-live="polite">
        ${this.steps.map(({ word, ok }) => html`<li class=${ok ? "charging" : "fault"}><span aria-hidden="true">${ok ? "✓" : "✕"}</span> ${word}</li>`)}
      </ul>
      ${refusalNote(this.refusal)}`;
  }

  private async run(): Promise<void> {
    if (this.busy) return;
    [this.busy, this.steps, this.refusal] = [true, [], null];
    const before = this.live?.requested_a ?? null;
    try {
      await this.ask(TRIAL_A);
      this.note("It took 6 A", true);
      await this.follows(() => this.live?.held_a ?? null, TRIAL_A, "It holds");
      if (this.live?.session) await this.follows(() => this.drawn, TRIAL_A + SLACK_A, "The car draws");
    } catch (thrown) {
      this.refusal = asRefusal(thrown);
    }
    await this.ask(before).then(
      () => this.note(before === null ? "The limit is taken away again" : `Back at ${amps(before)} A`, true),
      () => this.note("The limit of 6 A could not be taken away: see the charger's page", false),
    );
    this.busy = false;
  }

  private ask = (limit: number | null): Promise<unknown> => order("charger.set_limit", { charger: this.charger, limit_a: limit });

  private get live() {
    return live.document?.chargers[this.charger];
  }

  /** The most of its phases; null when none is known. */
  private get drawn(): number | null {
    const known = Object.values(this.live?.current_a ?? {}).filter((value) => value !== null);
    return known.length === 0 ? null : Math.max(...known);
  }

  /** Wait until the picture shows no more than this, and note what it shows then or at the end of the time. */
  private follows(value: () => number | null, most: number, word: string): Promise<void> {
    const isSo = (): boolean => (value() ?? Infinity) <= most;
    return new Promise((resolve) => {
      const look = (): void => void (isSo() && done());
      const done = (): void => {
        clearTimeout(end);
        live.removeEventListener("change", look);
        this.note(`${word} ${amps(value())} A`, isSo());
        resolve();
      };
      const end = setTimeout(done, FOLLOW_MS);
      live.addEventListener("change", look);
      look();
    });
  }

  private note(word: string, ok: boolean): void {
    this.steps = [...this.steps, { word, ok }];
  }
}
