// How the pages ask the hub and order: one JSON error shape, and a refusal that always has a next step.

import { session } from "./session.ts";

const LONGEST_MS = 65_000; // an order of the hub has its own, shorter deadline

/** The hub said no, or nothing: in words, with what to do. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly next: string,
  ) {
    super(message);
  }
}

const SILENT = new Refusal("unreachable", "The hub does not answer.", "Look at the network; what you see may be old.");

/** GET a document of the API. */
export const read = <T>(path: string): Promise<T> => ask<T>("GET", path);

/** POST a document; the session's proof goes along. */
export const post = <T>(path: string, body: object = {}): Promise<T> => ask<T>("POST", path, body);

/** Give an order; its result, or a Refusal. */
export async function order<T = Record<string, unknown>>(name: string, args: object): Promise<T> {
  const said = await post<{ result: T }>(`orders/${name}`, { args });
  return said.result;
}

async function ask<T>(method: string, path: string, body?: object): Promise<T> {
  const answer = await fetched(method, path, body);
  const document = await answer.json().catch(() => null);
  if (answer.ok && document !== null && document.ok !== false) return document as T;
  const error = document?.error ?? {};
  const refusal = new Refusal(
    error.code ?? String(answer.status),
    error.message ?? `The hub answered ${answer.status}.`,
    error.next ?? "Try again; if it stays so, look at the hub's log.",
  );
  if (answer.status === 401) session.lost();
  throw refusal;
}

async function fetched(method: string, path: string, body?: object): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET" && session.me?.csrf) headers["X-CSRF-Token"] = session.me.csrf;
  try {
    return await fetch(`/api/v1/${path}`, {
      method,
      headers,
      credentials: "same-origin",
      signal: AbortSignal.timeout(LONGEST_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch {
    throw SILENT;
  }
}
