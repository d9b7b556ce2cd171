// Search, filters, tabs and permanent links. Without it every table is simply there in full.
"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const search = document.getElementById("search");
  const tabs = all("[data-tab]");
  const panels = all("[data-panel]");
  const KEYS = ["verdict", "db", "django", "holds", "is", "area", "subject", "level"];
  const ANSWERS = { yes: "holds", no: "does not hold", unknown: "unknown" };
  const state = { q: "", db: tabs.length ? tabs[0].dataset.tab : "" };

  // One item a table row; `twins` are the cells of the same row in every table, so that is:different sees all databases.
  const cellsOf = new Map();
  const items = all("[data-filter] [data-row]").map((row) => {
    const cells = all("td[data-verdict]", row);
    const twins = cellsOf.get(row.dataset.row) || [];
    cellsOf.set(row.dataset.row, twins);
    twins.push(...cells);
    const text = `${row.dataset.row} ${row.dataset.area || ""} ${(row.querySelector(".says") || row.querySelector("th")).textContent}`;
    return { row, cells, twins, text: text.toLowerCase(), panel: row.closest("[data-panel]") };
  });

  function parse(query) {
    const asked = { text: [] };
    for (const key of KEYS) asked[key] = [];
    for (const word of query.toLowerCase().split(/\s+/).filter(Boolean)) {
      const [, key, value] = word.match(/^([a-z]+):(.*)$/) || [];
      // `verdict:` is still being typed: it asks for nothing yet.
      if (!KEYS.includes(key)) asked.text.push(word);
      else if (value) asked[key].push(value);
    }
    return asked;
  }

  // Values of one key are alternatives, different keys must all hold; db, django, verdict and holds speak of one cell.
  const some = (values, test) => !values.length || values.some(test);
  const inScope = (asked) => (cell) =>
    some(asked.db, (value) => cell.dataset.db.split(" ").some((name) => name.startsWith(value))) &&
    some(asked.django, (value) => cell.dataset.django === value);
  const says = (asked) => (cell) =>
    some(asked.verdict, (value) => cell.dataset.verdict === value) &&
    some(asked.holds, (value) => cell.dataset.answer === ANSWERS[value]);

  function matches(item, asked) {
    const { area = "", subject, level } = item.row.dataset;
    const scope = item.cells.filter(inScope(asked));
    const cellsMatter = ["db", "django", "verdict", "holds"].some((key) => asked[key].length);
    const different = () => new Set(item.twins.filter(inScope(asked)).map((cell) => cell.dataset.verdict)).size > 1;
    return asked.text.every((word) => item.text.includes(word)) &&
      some(asked.area, (value) => area.includes(value)) &&
      some(asked.subject, (value) => subject === value) &&
      some(asked.level, (value) => level === value) &&
      some(asked.is, (value) => value === "different" && different()) &&
      (!cellsMatter || scope.some(says(asked)));
  }

  function filter() {
    const asked = parse(state.q);
    for (const item of items) item.row.hidden = !matches(item, asked);
    for (const body of all("[data-filter] tbody")) {
      body.hidden = !all("[data-row]", body).some((row) => !row.hidden);
    }
    if (asked.db.length && !shown().some((item) => item.panel && item.panel.dataset.panel === state.db)) {
      const elsewhere = shown().find((item) => item.panel);
      if (elsewhere) state.db = elsewhere.panel.dataset.panel;
    }
  }

  const shown = () => items.filter((item) => !item.row.hidden);
  const visibleIn = (panel) => shown().filter((item) => item.panel === panel).length;

  function paint() {
    for (const tab of tabs) {
      const active = tab.dataset.tab === state.db;
      tab.setAttribute("aria-selected", active);
      tab.tabIndex = active ? 0 : -1;
      const panel = document.getElementById(`db-${tab.dataset.tab}`);
      panel.hidden = !active;
      tab.querySelector(".tally").textContent = state.q.trim() ? visibleIn(panel) : "";
    }
    for (const table of all("[data-filter]")) {
      const section = table.closest("[data-panel]") || table.closest("main");
      const none = !all("[data-row]", table).some((row) => !row.hidden);
      table.hidden = none;
      section.querySelector(".empty").hidden = !none;
    }
    const panel = panels.find((one) => one.dataset.panel === state.db) || null;
    const total = items.filter((item) => item.panel === panel).length;
    document.getElementById("found").textContent = state.q.trim() ? `${visibleIn(panel)} of ${total}` : "";
    const words = state.q.toLowerCase().split(/\s+/);
    for (const button of all("[data-token]")) button.setAttribute("aria-pressed", words.includes(button.dataset.token));
  }

  function update() {
    filter();
    paint();
  }

  // The address always names what is shown. Only the fragment changes: that is allowed for file addresses too.
  function remember() {
    const parts = new URLSearchParams();
    if (tabs.length && state.db !== tabs[0].dataset.tab) parts.set("db", state.db);
    if (state.q.trim()) parts.set("q", state.q.trim());
    const fragment = parts.toString().replaceAll("%3A", ":").replaceAll("%2F", "/");
    history.replaceState(null, "", fragment ? `#${fragment}` : location.href.split("#")[0]);
  }

  function recall() {
    const fragment = decodeURIComponent(location.hash.slice(1));
    const known = (name) => tabs.some((tab) => tab.dataset.tab === name);
    if (fragment.startsWith("db-") && known(fragment.slice(3))) state.db = fragment.slice(3);
    else if (/^(q|db)=/.test(fragment)) {
      const parts = new URLSearchParams(location.hash.slice(1));
      state.q = parts.get("q") || "";
      if (known(parts.get("db"))) state.db = parts.get("db");
      search.value = state.q;
    }
    update();
  }

  function ask(query) {
    state.q = search.value = query;
    update();
    remember();
  }

  function choose(tab) {
    state.db = tab.dataset.tab;
    update();
    remember();
  }

  function toggle(token) {
    const words = state.q.split(/\s+/).filter(Boolean);
    ask((words.includes(token) ? words.filter((word) => word !== token) : [...words, token]).join(" "));
  }

  function setUpTabs() {
    if (!tabs.length) return;
    tabs[0].parentElement.setAttribute("role", "tablist");
    tabs.forEach((tab, index) => {
      tab.setAttribute("role", "tab");
      tab.id = `tab-${tab.dataset.tab}`;
      tab.setAttribute("aria-controls", `db-${tab.dataset.tab}`);
      tab.addEventListener("click", (event) => { event.preventDefault(); choose(tab); });
      tab.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        const next = tabs[(index + step + tabs.length) % tabs.length];
        choose(next);
        next.focus();
      });
    });
    for (const panel of panels) {
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", `tab-${panel.dataset.panel}`);
    }
  }

  // Arrow keys walk over the verdicts, so that nobody has to tab through hundreds of links.
  function walk(event) {
    const cell = event.target.closest(".cell");
    const row = cell && cell.parentElement;
    const column = row && [...row.children].indexOf(cell);
    const rows = row && all("tr:not([hidden])", row.closest("table")).filter((one) => one.offsetParent && one.querySelector(".cell"));
    const next = {
      ArrowLeft: () => row.children[column - 1], ArrowRight: () => row.children[column + 1],
      ArrowUp: () => rows[rows.indexOf(row) - 1]?.children[column], ArrowDown: () => rows[rows.indexOf(row) + 1]?.children[column],
    }[event.key];
    const link = row && next && next()?.querySelector("a");
    if (!link) return;
    event.preventDefault();
    link.focus();
  }

  function openTarget() {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.matches("details")) {
      target.open = true;
      target.scrollIntoView();
    }
  }

  if (search) {
    setUpTabs();
    search.addEventListener("input", () => ask(search.value));
    search.addEventListener("keydown", (event) => { if (event.key === "Escape") ask(""); });
    search.form.addEventListener("submit", (event) => event.preventDefault());
    for (const button of all("[data-token]")) button.addEventListener("click", () => toggle(button.dataset.token));
    for (const button of all("[data-clear]")) button.addEventListener("click", () => { ask(""); search.focus(); });
    addEventListener("hashchange", recall);
    recall();
    document.addEventListener("keydown", (event) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.target.matches("input")) return;
      event.preventDefault();
      search.focus();
    });
  }
  document.addEventListener("keydown", walk);
  addEventListener("hashchange", openTarget);
  openTarget();
  let reopened = [];
  addEventListener("beforeprint", () => { reopened = all("details:not([open])"); for (const one of reopened) one.open = true; });
  addEventListener("afterprint", () => { for (const one of reopened) one.open = false; });
})();
