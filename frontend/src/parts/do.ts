// A button that gives an order: shown only to who may give it; it says that it works, and what the hub refused.

import { css, html, LitElement, nothing } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";

import { order, type Refusal } from "../api.ts";
import { look } from "../look.ts";
import { session } from "../session.ts";
import { asRefusal, refusalNote } from "./refusal.ts";

@customElement("ev-do")
export class Do extends LitElement {
  static override styles = [
    look,
    css`
      dialog {
        background: var(--surface);
        color: var(--text);
        border: 1px solid var(--edge);
        border-radius: 12px;
        padding: 16px;
        max-width: min(28rem, 90vw);
      }
      dialog::backdrop {
        background: rgb(0 0 0 / 50%);
      }
      .fault {
        max-width: 28rem;
        margin: 8px 0 0;
      }
    `,
  ];

  @property() order = "";
  @property({ attribute: false }) args: object = {};
  @property() label = "";
  /** What it costs, asked before it is done; nothing is asked where it can be undone. */
  @property() confirm = "";
  @property() kind: "" | "primary" | "danger" = "";
  @state() private busy = false;
  @state() private refusal: Refusal | null = null;
  @query("dialog") private dialog!: HTMLDialogElement | null;

  override render() {
    if (!session.may(this.order)) return nothing;
    return html`
      <button class=${this.kind} aria-disabled=${this.busy} @click=${this.asked}>${this.label}${this.busy ? " …" : ""}</button>
      ${refusalNote(this.refusal)} ${this.confirm ? this.question() : nothing}
    `;
  }

  private question() {
    return html`<dialog aria-labelledby="what">
      <h2 id="what">${this.label}?</h2>
      <p>${this.confirm}</p>
      <div class="row">
        <button class="danger" @click=${this.confirmed}>${this.label}</button>
        <button autofocus @click=${() => this.dialog?.close()}>Leave it</button>
      </div>
    </dialog>`;
  }

  private asked(): void {
    if (this.busy) return;
    if (this.confirm) this.dialog?.showModal();
    else void this.give();
  }

  private confirmed(): void {
    this.dialog?.close();
    void this.give();
  }

  private async give(): Promise<void> {
    this.busy = true;
    this.refusal = null;
    try {
      const result = await order(this.order, this.args);
      this.dispatchEvent(new CustomEvent("done", { detail: result }));
    } catch (thrown) {
      this.refusal = asRefusal(thrown);
    } finally {
      this.busy = false;
    }
  }
}
