// The live picture: the status document over a WebSocket that is dialled again, later each time, when it breaks.

import type { ReactiveController, ReactiveControllerHost } from "lit";

import { type Change, changed, type Snapshot } from "./changes.ts";
import { session } from "./session.ts";
import type { Document } from "./types.ts";

const FIRST_MS = 500;
const LONGEST_MS = 30_000;
const QUIET_MS = 20_000; // a line that says nothing for so long is asked whether it still stands
const ANSWER_MS = 5_000;

class Live extends EventTarget {
  document: Document | null = null;
  /** When contact was lost; null while there is contact, or before there was any. */
  lostAt: Date | null = null;
  isLive = false;
  #epoch = "";
  #seq = 0;
  #socket: WebSocket | null = null;
  #attempt = 0;
  #heardMs = 0;
  #timer: number | undefined;
  #watch: number | undefined;

  start(): void {
    if (this.#watch !== undefined) return;
    this.#watch = setInterval(() => void this.#look(), ANSWER_MS);
    addEventListener("online", this.#dialNow);
    this.#dial();
  }

  stop(): void {
    clearInterval(this.#watch);
    clearTimeout(this.#timer);
    this.#watch = undefined;
    removeEventListener("online", this.#dialNow);
    this.#drop();
    this.document = null;
    this.lostAt = null;
  }

  /** The hub's clock now, as far as it is known. */
  get now(): Date {
    return this.document ? new Date(Date.parse(this.document.ts) + performance.now() - this.#heardMs) : new Date();
  }

  get zone(): string {
    return this.document?.time_zone ?? "UTC";
  }

  #dialNow = (): void => {
    if (this.isLive) return;
    clearTimeout(this.#timer);
    this.#attempt = 0;
    void this.#dialAgain();
  };

  #dial(): void {
    this.#drop();
    const asked = this.document ? { after: String(this.#seq), epoch: this.#epoch } : { changes: "true" };
    const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/v1/live?${new URLSearchParams(asked)}`);
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#hear(JSON.parse(data as string) as Snapshot | Change);
    socket.onopen = () => this.document && this.#reached(); // who goes on where he was may have missed nothing
    socket.onclose = () => this.#closed();
  }

  #drop(): void {
    if (this.#socket) this.#socket.onopen = this.#socket.onclose = this.#socket.onmessage = null;
    this.#socket?.close();
    this.#socket = null;
    this.isLive = false;
  }

  #hear(said: Snapshot | Change): void {
    this.#epoch = said.epoch;
    this.#seq = said.seq;
    if (said.kind === "snapshot") this.#show(said.status);
    else if (this.document) this.#show(changed(this.document, said));
  }

  #show(document: Document): void {
    this.document = document;
    this.#heardMs = performance.now();
    this.#reached();
  }

  #reached(): void {
    this.isLive = true;
    this.lostAt = null;
    this.#attempt = 0;
    this.#tell();
  }

  #closed(): void {
    this.#drop();
    this.lostAt ??= new Date();
    this.#attempt += 1;
    const wait = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#attempt) * (0.5 + Math.random() / 2);
    this.#timer = setTimeout(() => void this.#dialAgain(), wait);
    this.#tell();
  }

  /** A line may also end because the login has ended: then no dialling helps. */
  async #dialAgain(): Promise<void> {
    if (await session.resume()) this.#dial();
    else session.lost();
  }

  /** A quiet site says nothing; neither does a line that was cut without a word. */
  async #look(): Promise<void> {
    if (!this.isLive || performance.now() - this.#heardMs < QUIET_MS) return;
    const answer = await fetch("/api/v1/status", { signal: AbortSignal.timeout(ANSWER_MS) }).catch(() => null);
    if (answer?.ok) this.#show((await answer.json()) as Document);
    else if (this.isLive) this.#closed();
  }

  #tell(): void {
    this.dispatchEvent(new Event("change"));
  }
}

export const live = new Live();

/** Draws its host anew whenever the picture changes. */
export class Watching implements ReactiveController {
  constructor(private readonly host: ReactiveControllerHost) {
    host.addController(this);
  }

  #changed = (): void => this.host.requestUpdate();

  hostConnected(): void {
    live.addEventListener("change", this.#changed);
  }

  hostDisconnected(): void {
    live.removeEventListener("change", this.#changed);
  }
}
