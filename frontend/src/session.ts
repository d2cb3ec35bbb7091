// Who is logged in, and what his roles let him do. What he may not do is not shown.

import { MAY, type Role } from "./roles.ts";

export interface Me {
  name: string;
  roles: Role[];
  csrf: string;
}

class Session extends EventTarget {
  me: Me | null = null;

  /** Whether the hub knows this browser; false also sends nobody anywhere. */
  async resume(): Promise<boolean> {
    const answer = await fetch("/api/v1/me", { headers: { Accept: "application/json" } }).catch(() => null);
    if (answer?.ok) this.enter((await answer.json()) as Me);
    return answer === null || answer.status !== 401; // a silent hub logs nobody out
  }

  enter(me: Me): void {
    this.me = me;
    this.dispatchEvent(new Event("change"));
  }

  /** The hub knows this browser no more. */
  lost(): void {
    this.me = null;
    this.dispatchEvent(new Event("lost"));
  }

  /** Whether the roles allow this order. */
  may(order: string): boolean {
    const allowed = MAY[order];
    return this.me !== null && (allowed === undefined || this.me.roles.some((role) => allowed.includes(role)));
  }
}

export const session = new Session();
