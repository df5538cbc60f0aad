// Elements made of names, attributes and text: text is never read as markup.

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

const button = (label, onclick, attributes = {}) =>
  element("button", { type: "button", onclick, ...attributes }, label);

/** Buttons of which each is on or off; `choices` are {label, value, swatch}. */
function choiceGroup(name, choices, onchoose) {
  const buttons = choices.map(({ label, value, swatch }) => {
    const made = button("", () => onchoose(value), { class: "choice", "data-value": value, "aria-pressed": "false" });
    if (swatch) made.append(element("span", { class: "swatch", style: `--swatch: ${swatch}` }));
    made.append(label);
    return made;
  });
  return element(
    "div",
    { class: "choices", role: "group", "aria-label": name },
    element("span", { class: "name", "aria-hidden": "true" }, name),
    ...buttons,
  );
}

function press(group, isOn) {
  for (const each of group.querySelectorAll("button")) each.setAttribute("aria-pressed", isOn(each.dataset.value));
}

/** Say something to those who listen to the page. */
function tell(text) {
  document.getElementById("told").textContent = text;
}

const labelOf = (adapter) => data.adapters.find(({ name }) => name === adapter)?.label ?? adapter;
