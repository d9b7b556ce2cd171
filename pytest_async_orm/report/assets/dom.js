// Elements, made from text and never from markup: what a query says stays what it says.
const $ = (id) => document.getElementById(id);

function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "style") for (const [property, one] of Object.entries(value)) element.style.setProperty(property, one);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const unseen = (text) => h("span", { class: "unseen" }, text);
const badge = (kind, text, title) => h("span", { class: `badge b-${kind}`, title }, text);

// Rows and cells keep their roles on a phone, where they are laid out as blocks.
const table = (attributes, ...children) => h("table", { role: "table", ...attributes }, ...children);
const head = (...cells) => h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, cells));
const body = (rows) => h("tbody", { role: "rowgroup" }, rows);
const row = (attributes, ...cells) => h("tr", { role: "row", ...attributes }, cells);
const cell = (label, attributes, ...children) => h("td", { role: "cell", "data-label": label, ...attributes }, children);
const column = (name, attributes = {}) => h("th", { role: "columnheader", scope: "col", ...attributes }, name);

// A heading that sorts: `now` is `[key, "ascending" | "descending"]`.
function sortable(name, key, first, now, sort, attributes = {}) {
  const [active, order] = now;
  const turned = order === "ascending" ? "descending" : "ascending";
  return column(
    h("button", { type: "button", class: "sort", onclick: () => sort([key, active === key ? turned : first]) }, name),
    { ...attributes, "aria-sort": active === key ? order : "none", "data-sort": key },
  );
}

function toggle(text, pressed, act, attributes = {}) {
  return h("button", { type: "button", class: "toggle", "aria-pressed": String(pressed), onclick: act, ...attributes }, text);
}

// Names may break where they are made of parts.
const breakable = (text) => text.split(/(?<=[_./\\])|(?=\[)/).flatMap((part) => [part, h("wbr")]);

// Formats are kept: to make one takes longer than to use it a hundred times.
const formats = [0, 1, 2].map((digits) => new Intl.NumberFormat("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }));
const number = (value) => formats[0].format(value);
const several = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;
const queries = (count) => several(count, "query", "queries");

function milliseconds(value) {
  return formats[value < 1 ? 2 : value < 100 ? 1 : 0].format(value);
}

// Told to those who hear the page.
function announce(text) {
  const region = $("said");
  region.textContent = "";
  requestAnimationFrame(() => { region.textContent = text; });
}

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    announce(`Copied ${text}`);
    button.classList.add("copied");
    setTimeout(() => button.classList.remove("copied"), 1200);
  } catch {
    window.prompt("Copy this:", text);
  }
}
