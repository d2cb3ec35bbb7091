// What every page shares: the look, the live picture, and what its address says.

import { type CSSResultGroup, LitElement } from "lit";
import { property } from "lit/decorators.js";

import { live, Watching } from "../live.ts";
import { look } from "../look.ts";
import type { Document } from "../types.ts";

export abstract class Page extends LitElement {
  static override styles: CSSResultGroup = look;
  @property({ attribute: false }) args: Record<string, string> = {};

  constructor() {
    super();
    new Watching(this);
  }

  /** The picture: pages inside are drawn only when there is one. */
  protected get site(): Document {
    return live.document!;
  }
}
