// The service worker: it keeps the shell and its files, so that an installed page opens and says in words that it is offline.
// It never answers for the API: what it does not name goes to the network as if it were not there.

const KEPT = "evhub-pages";
const SHELL = "/app/";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate" && url.pathname.startsWith("/app/")) event.respondWith(shell(request));
  else if (url.pathname.startsWith("/static/app/")) event.respondWith(file(request));
});

// The hub's word counts; only when it does not answer at all, what was kept.
async function shell(request) {
  const kept = await caches.open(KEPT);
  try {
    const fresh = await fetch(request);
    if (fresh.ok && !fresh.redirected) await keep(kept, fresh.clone());
    return fresh;
  } catch (offline) {
    const old = await kept.match(SHELL);
    if (old) return old;
    throw offline;
  }
}

// Another shell names other files: those of the old one go.
async function keep(kept, fresh) {
  const old = await kept.match(SHELL);
  const [before, now] = [old ? await old.text() : "", await fresh.clone().text()];
  if (before !== now) for (const request of await kept.keys()) await kept.delete(request);
  await kept.put(SHELL, fresh);
}

// A file's name changes with what is in it, except for a few that are asked for anew.
async function file(request) {
  const kept = await caches.open(KEPT);
  const isNamedByContent = new URL(request.url).pathname.startsWith("/static/app/assets/");
  const old = await kept.match(request);
  if (old && isNamedByContent) return old;
  try {
    const fresh = await fetch(request);
    if (fresh.ok) await kept.put(request, fresh.clone());
    return fresh;
  } catch (offline) {
    if (old) return old;
    throw offline;
  }
}
