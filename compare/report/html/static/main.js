// The beginning: everything that can be clicked is made, then what the address says is shown.

async function show() {
  state = read(location.hash);
  const page = showPage();
  themeSwitch.setAttribute("aria-pressed", isDark());
  await showDocument(page);
}

for (const page of pages) prepare(page);
if (keptTheme()) document.documentElement.dataset.theme = keptTheme();
menu.hidden = themeSwitch.hidden = false;
document.documentElement.classList.add("ready");
themeSwitch.addEventListener("click", () => {
  setTheme(isDark() ? "light" : "dark");
  show();
});
systemDark.addEventListener("change", show);
addEventListener("hashchange", show);
addEventListener("beforeprint", () => printing(true));
addEventListener("afterprint", () => printing(false));
show();

/** On paper everything is light. */
function printing(begins) {
  document.documentElement.classList.toggle("printing", begins);
  showPlots(shownPage);
}
