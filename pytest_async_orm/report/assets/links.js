// How a line of the user's code opens: chosen by whoever looks, since only they know their editor and their folder.
const WAYS = { text: "as text to copy", vscode: "in VS Code", file: "as files" };
const STORE = "pytest-async-orm.lines";

const opening = (() => {
  let kept = {};
  try { kept = JSON.parse(localStorage.getItem(STORE)) || {}; } catch { /* no storage: nothing is remembered */ }
  return { way: kept.way in WAYS ? kept.way : "text", roots: kept.roots || {} };
})();

const rootNow = () => opening.roots[DATA.root || ""] || DATA.root || "";

function remember() {
  try { localStorage.setItem(STORE, JSON.stringify(opening)); } catch { /* as above */ }
  for (const shown of document.querySelectorAll("[data-line]")) shown.replaceWith(lineOf(shown.dataset.line, "short" in shown.dataset));
}

function addressOf(line) {
  const [, file, place] = line.match(/^(.*?)(?::(\d+))?$/);
  const absolute = /^(\/|[A-Za-z]:[\\/])/.test(file) ? file : `${rootNow().replace(/[\\/]$/, "")}/${file}`;
  const path = absolute.replaceAll("\\", "/").split("/").map(encodeURIComponent).join("/").replace(/^\/?/, "/").replace("%3A", ":");
  return opening.way === "vscode" ? `vscode://file${path}${place ? `:${place}` : ""}` : `file://${path}`;
}

// `tests/test_blog.py:12`, or `test_blog.py:12` where there is little room.
function lineOf(line, short = false) {
  if (!line) return h("span", { class: "quiet" }, short ? "–" : "no line of yours");
  const shown = short ? line.replace(/^.*[\\/]/, "") : line;
  const attributes = { class: "line", "data-line": line, "data-short": short, title: short ? line : null };
  if (opening.way !== "text") return h("a", { ...attributes, href: addressOf(line) }, breakable(shown));
  return h("button", {
    ...attributes, type: "button", "aria-label": `Copy ${line}`,
    onclick: (event) => { event.stopPropagation(); copy(line, event.currentTarget); },
  }, breakable(shown));
}

// In the head of the page: the way, and the folder where the way needs one.
function linesSetting() {
  const folder = h("input", {
    id: "root", type: "text", value: rootNow(), spellcheck: "false", autocomplete: "off",
    onchange: () => { opening.roots[DATA.root || ""] = folder.value.trim(); remember(); },
  });
  const beside = h("label", { for: "root", hidden: opening.way === "text" }, "in the folder ", folder);
  const way = h("select", {
    id: "way",
    onchange: () => { opening.way = way.value; beside.hidden = way.value === "text"; remember(); },
  }, Object.entries(WAYS).map(([value, text]) => h("option", { value, selected: value === opening.way }, text)));
  return [h("label", { for: "way" }, "Lines open ", way), beside];
}
