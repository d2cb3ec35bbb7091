// Where the pages begin: who is here, which page, and the live picture.

import "./app.ts";

document.body.append(document.createElement("ev-app"));

if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register("/static/app/sw.js", { scope: "/app/" }).catch(() => {
    // Without it the pages work as well, but not offline.
  });
}
