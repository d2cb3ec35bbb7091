// Real addresses for every page: links are plain links, the back button works, a reload stays where it was.

type Go = (path: string) => void;

export interface Place {
  element: string;
  load: () => Promise<unknown>;
  title: string;
  args: Record<string, string>;
}

interface Route {
  path: RegExp;
  element: string;
  title: string;
  load: () => Promise<unknown>;
}

const route = (path: RegExp, element: string, title: string, load: () => Promise<unknown>): Route => ({ path, element, title, load });

const ROUTES: readonly Route[] = [
  route(/^\/app\/?$/, "ev-today", "Today", () => import("./pages/today.ts")),
  route(/^\/app\/chargers$/, "ev-chargers", "Chargers", () => import("./pages/chargers.ts")),
  route(/^\/app\/chargers\/(?<id>[^/]+)$/, "ev-charger", "Charger", () => import("./pages/charger.ts")),
  route(/^\/app\/power$/, "ev-power", "Power", () => import("./pages/power.ts")),
  route(/^\/app\/sessions$/, "ev-sessions", "Sessions", () => import("./pages/sessions.ts")),
  route(/^\/app\/devices$/, "ev-devices", "Devices", () => import("./pages/devices.ts")),
  route(/^\/app\/people$/, "ev-people", "People", () => import("./pages/people.ts")),
  route(/^\/app\/more$/, "ev-more", "More", () => import("./pages/more.ts")),
  route(/^\/login$/, "ev-login", "Log in", () => import("./pages/login.ts")),
  route(/^\/claim$/, "ev-claim", "Claim this hub", () => import("./pages/claim.ts")),
];

const NOWHERE: Place = { element: "ev-nowhere", title: "Not found", args: {}, load: () => import("./pages/nowhere.ts") };

/** Which page an address means. */
export function placeOf(path: string): Place {
  for (const { path: pattern, ...place } of ROUTES) {
    const found = pattern.exec(path);
    if (found) return { ...place, args: decoded(found.groups ?? {}) };
  }
  return NOWHERE;
}

function decoded(groups: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(groups).map(([key, value]) => [key, decodeURIComponent(value)]));
}

/** True for the pages that need a login. */
export const isInside = (path: string): boolean => path === "/app" || path.startsWith("/app/");

/** Go to a page of ours without loading a document. */
export function navigate(path: string, how: "push" | "replace" = "push"): void {
  if (how === "push") history.pushState(null, "", path);
  else history.replaceState(null, "", path);
  dispatchEvent(new PopStateEvent("popstate", { state: "ours" }));
}

/** Call `go` whenever the address changes; plain clicks on our own links are taken over. */
export function watchAddress(go: Go): void {
  addEventListener("popstate", () => go(location.pathname));
  addEventListener("click", (event) => {
    const link = event.composedPath().find((node) => node instanceof HTMLAnchorElement);
    if (!link || event.defaultPrevented || event.button !== 0 || isForTheBrowser(event, link)) return;
    event.preventDefault();
    if (link.href !== location.href) navigate(link.pathname + link.search);
  });
}

function isForTheBrowser(event: MouseEvent, link: HTMLAnchorElement): boolean {
  const keys = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
  const elsewhere = link.origin !== location.origin || !isInside(link.pathname) || link.target !== "" || link.hasAttribute("download");
  return keys || elsewhere;
}
