// Before the first paint: the theme that somebody chose here; without a choice the system decides.
try {
  const chosen = localStorage.getItem("evhub-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage is closed to this page: the system decides.
}
