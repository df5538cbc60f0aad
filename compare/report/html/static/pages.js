// One page at a time, as in the address, and the list of pages beside it.

const pages = [...document.querySelectorAll("section.page")];
const list = document.getElementById("pages");
const menu = document.querySelector("button.menu");
let shownPage = null;

const pageOf = (address) => pages.find(({ id }) => id === address) ?? pages[0];

function showPage() {
  const page = pageOf(state.page);
  for (const each of pages) each.hidden = each !== page;
  for (const link of list.querySelectorAll("a")) {
    if (link.hash === `#${page.id}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const moved = shownPage !== null && shownPage !== page;
  shownPage = page;
  document.title = page === pages[0] ? page.ariaLabel : `${page.ariaLabel} – ${pages[0].ariaLabel}`;
  if (moved) openMenu(false);
  const heading = state.at && document.getElementById(`${page.id}&at=${state.at}`);
  if (heading) heading.scrollIntoView();
  else if (moved) scrollTo(0, 0);
  if (moved) focusHeading(page);
  return page;
}

function focusHeading(page) {
  const heading = page.querySelector("h1");
  heading?.setAttribute("tabindex", "-1");
  heading?.focus({ preventScroll: true });
}

function openMenu(open) {
  menu.setAttribute("aria-expanded", open);
  list.classList.toggle("open", open);
}

/** A link inside the document changes the page alone: baseline, sorting and the like stay. */
function follow(event) {
  const link = event.target.closest('a[href^="#"]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (link.classList.contains("skip")) return focusHeading(shownPage);
  const { page, at } = read(link.hash);
  go({ page, at, row: "" });
}

document.addEventListener("click", follow);
document.addEventListener("click", ({ target }) => {
  const path = target.closest("[data-download]")?.dataset.download;
  if (path) download(path);
});
menu.addEventListener("click", () => openMenu(menu.getAttribute("aria-expanded") !== "true"));
