import { defineConfig } from "vite";

// Under /static: what is there needs no login. Nothing is inlined, so that the pages keep a strict Content-Security-Policy.
export default defineConfig({
  base: "/static/app/",
  build: {
    outDir: "../hub/web/static/app",
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
