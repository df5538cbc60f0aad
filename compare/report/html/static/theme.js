// Dark and light: as the system has it, until the reader says otherwise.

const themeSwitch = document.querySelector("button.theme");
const systemDark = matchMedia("(prefers-color-scheme: dark)");
const BLACK = "#000000";
const KEPT = "lockstep-theme";

const isDark = () => (document.documentElement.dataset.theme ?? (systemDark.matches ? "dark" : "light")) === "dark";

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** An adapter's colour, for a figure and for the page's own style; black cannot be seen on black. */
const inked = (given) => (given === BLACK ? colour("--ink") : given);
const swatchOf = (given) => (given === BLACK ? "var(--ink)" : given);

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem(KEPT, theme);
  } catch {
    // a browser that keeps nothing for files
  }
}

function keptTheme() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}
