export type Theme = "system" | "light" | "dark";

const KEY = "sei.theme";
const DARK = matchMedia("(prefers-color-scheme: dark)");
const watchers = new Set<() => void>();

/** The theme that was chosen here; `system` where none was. */
export function chosenTheme(): Theme {
  const kept = localStorage.getItem(KEY);
  return kept === "light" || kept === "dark" ? kept : "system";
}

/** Chooses a theme and keeps the choice on this device. */
export function chooseTheme(theme: Theme): void {
  localStorage.setItem(KEY, theme);
  applyTheme();
}

/** Puts the theme on the document: `data-theme` is `light` or `dark`. */
export function applyTheme(): void {
  const theme = chosenTheme();
  document.documentElement.dataset.theme = theme === "system" ? (DARK.matches ? "dark" : "light") : theme;
  for (const watcher of watchers) watcher();
}

/** Calls when the theme changes; gives what ends that. */
export function watchTheme(changed: () => void): () => void {
  watchers.add(changed);
  return () => watchers.delete(changed);
}

DARK.addEventListener("change", applyTheme);

// charts are drawn again for paper, which is light
addEventListener("beforeprint", () => {
  document.documentElement.dataset.theme = "light";
  for (const watcher of watchers) watcher();
});
addEventListener("afterprint", applyTheme);
