// What every form shares: it sends once, shows the refusal beside its button, and puts the focus where the reader is needed.

import { type CSSResultGroup, LitElement } from "lit";
import { state } from "lit/decorators.js";

import { Refusal } from "../api.ts";
import { look } from "../look.ts";
import { asRefusal, refusalNote } from "./refusal.ts";

export abstract class Form extends LitElement {
  static override styles: CSSResultGroup = look;
  @state() protected busy = false;
  @state() private refused: Refusal | null = null;

  /** What is done with the fields; throws a Refusal. */
  protected abstract send(fields: FormData): Promise<void>;

  protected submitted = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (this.busy) return;
    this.busy = true;
    this.refused = null;
    try {
      await this.send(new FormData(event.target as HTMLFormElement));
    } catch (thrown) {
      this.refused = asRefusal(thrown);
    } finally {
      this.busy = false;
    }
  };

  protected refusal() {
    return refusalNote(this.refused);
  }
}

/** A field as text without the spaces around it; undefined when it is empty. */
export function said(fields: FormData, name: string): string | undefined {
  const value = String(fields.get(name) ?? "").trim();
  return value === "" ? undefined : value;
}

/** A field as a number; a comma counts as a point. Throws a Refusal when it is none: nothing is guessed. */
export function saidNumber(fields: FormData, name: string): number | undefined {
  const value = said(fields, name);
  const number = Number(value?.replace(",", "."));
  if (value !== undefined && !Number.isFinite(number)) throw new Refusal("invalid", `“${value}” is no number.`, "Write it as 6.5.");
  return value === undefined ? undefined : number;
}
