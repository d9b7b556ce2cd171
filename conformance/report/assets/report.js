// Search, filters, choice of the database and permanent links. Without it every table is simply there in full.
"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const search = document.getElementById("search");
  const KEYS = ["verdict", "word", "db", "django", "asgiref", "holds", "is", "area", "subject", "level"];
  const ANSWERS = { yes: "h", no: "d", unknown: "u" };
  const state = { q: "", db: "" };

  // A table with a column an environment. Columns are hidden by one rule, never cell by cell.
  class Grid {
    constructor(table) {
      this.table = table;
      this.box = table.parentElement;
      this.columns = [...table.tHead.rows[1].cells].map((th) => ({ th, vendor: th.dataset.db.split(" ")[0], ...th.dataset }));
      this.groups = [...table.tHead.rows[0].cells].slice(1);
      this.rule = document.head.appendChild(document.createElement("style"));
      this.rows = all("tbody [data-row]", table).map((row) => ({
        row, verdicts: row.dataset.v, answers: row.dataset.a || "", body: row.parentElement,
        text: `${row.dataset.row} ${row.dataset.area || ""} ${row.querySelector("th").textContent}`.toLowerCase(),
      }));
      this.count = -1;
      this.bar();
      this.measure();
    }

    // One button a database, and one for all of them where there is room.
    bar() {
      this.buttons = [];
      if (this.groups.length < 2) return;
      const bar = document.createElement("div");
      bar.className = "bar";
      bar.setAttribute("role", "group");
      bar.setAttribute("aria-label", "Databases");
      for (const [name, text] of [["", "All databases"], ...this.groups.map((th) => [th.dataset.db, th.textContent])]) {
        const button = bar.appendChild(document.createElement("button"));
        button.type = "button";
        button.textContent = text;
        button.dataset.show = name;
        button.addEventListener("click", () => { state.db = name; update(); remember(); });
        this.buttons.push(button);
      }
      this.box.before(bar);
    }

    // Asked when the window changes, and not at every key: the answer makes the browser lay out the page.
    measure() {
      this.width = this.box.clientWidth;
      this.names = matchMedia("(max-width: 44rem)").matches ? 0 : this.table.classList.contains("claims") ? 320 : 240;
    }

    fits(count) {
      return this.names + count * (this.names ? 23.2 : 22.4) <= this.width;
    }

    show(asked) {
      const wanted = (column) => inScope(asked)(column);
      const most = this.columns.filter(wanted).length;
      const all = !this.buttons.length || this.fits(most);
      const db = state.db || (all ? "" : this.groups[0].dataset.db);
      for (const button of this.buttons) {
        button.setAttribute("aria-pressed", button.dataset.show === db);
        if (!button.dataset.show) button.hidden = !all && this.groups.length > 1;
      }
      const visible = this.columns.map((column) => wanted(column) && (!db || column.vendor === db));
      if (!visible.some(Boolean)) visible.fill(true);
      const key = visible.join();
      this.visible = visible;
      if (key === this.shown) return;
      this.shown = key;
      const count = visible.filter(Boolean).length;
      const id = `#${this.table.id}`;
      const hidden = runs(visible).map(([from, to]) => [
        `${id} tbody td:nth-child(n+${from + 2}):nth-child(-n+${to + 2})`,
        `${id} thead tr+tr th:nth-child(n+${from + 1}):nth-child(-n+${to + 1})`,
      ]).flat();
      const begins = this.groups.map((th) => this.columns.findIndex((column, index) => visible[index] && column.vendor === th.dataset.db));
      const first = begins.filter((index) => index > 0).map((index) => `${id} td:nth-child(${index + 2})`);
      this.rule.textContent = (hidden.length ? `${hidden.join()}{display:none}` : "") +
        (first.length ? `${first.join()}{border-left-width:4px}` : "");
      this.table.style.setProperty("--columns", count);
      for (const group of this.groups) {
        const span = this.columns.filter((column, index) => visible[index] && column.vendor === group.dataset.db).length;
        group.hidden = !span;
        if (!span) continue;
        group.colSpan = span;
        group.style.setProperty("--span", span);
      }
      this.box.classList.toggle("scrolls", !this.fits(count));
      this.box.tabIndex = this.fits(count) ? -1 : 0;
    }

    // Rows whose shown cells have what was asked for.
    filter(asked) {
      let count = 0;
      const bodies = new Map();
      const inside = this.columns.map((column, index) => inScope(asked)(column) ? index : -1).filter((index) => index >= 0);
      for (const item of this.rows) {
        const hide = !matches(item, asked, inside);
        if (item.row.hidden !== hide) item.row.hidden = hide;
        count += !hide;
        bodies.set(item.body, (bodies.get(item.body) || 0) + !hide);
      }
      for (const [body, shown] of bodies) {
        body.hidden = !shown;
        if (shown) body.style.setProperty("--rows", shown + 1);
      }
      this.table.hidden = !count;
      this.count = count;
    }
  }

  // From flags, the runs of those that are not set.
  function runs(flags) {
    const found = [];
    flags.forEach((flag, index) => {
      if (flag) return;
      const last = found[found.length - 1];
      if (last && last[1] === index - 1) last[1] = index;
      else found.push([index, index]);
    });
    return found;
  }

  function letters(id) {
    return all(`#${id} [data-letter]`).map((row) => [row.dataset.name.replaceAll(" ", "-"), row.dataset.letter]);
  }
  const VERDICTS = new Map(letters("verdicts"));
  const WORDS = new Map(letters("words"));

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

  // Values of one key are alternatives, different keys must all hold; those that name a column choose columns.
  const some = (values, test) => !values.length || values.some(test);
  const inScope = (asked) => (column) =>
    some(asked.db, (value) => column.db.split(" ").some((name) => name.startsWith(value))) &&
    some(asked.django, (value) => column.django === value || column.release === value) &&
    some(asked.asgiref, (value) => column.asgiref === value || column.asgiref.startsWith(`${value}.`));
  const starts = (names, value) => [...names].filter(([name]) => name.startsWith(value)).map(([, letter]) => letter);

  function matches(item, asked, inside) {
    const { area = "", subject, level } = item.row.dataset;
    if (!asked.text.every((word) => item.text.includes(word)) || !some(asked.area, (value) => area.includes(value))) return false;
    if (!some(asked.subject, (value) => subject === value) || !some(asked.level, (value) => level === value)) return false;
    const scope = inside.filter((index) => item.verdicts[index] !== ".");
    const isWord = subject === "workaround";
    const wanted = [
      ...(isWord ? [] : asked.verdict).flatMap((value) => starts(VERDICTS, value)),
      ...(isWord ? asked.word : []).flatMap((value) => starts(WORDS, value)),
    ];
    const asks = asked.verdict.length || asked.word.length;
    if (asks && !scope.some((index) => wanted.includes(item.verdicts[index]))) return false;
    if (asked.holds.length && !scope.some((index) => asked.holds.some((value) => item.answers[index] === ANSWERS[value]))) return false;
    if ((asked.db.length || asked.django.length || asked.asgiref.length) && !scope.length) return false;
    return some(asked.is, (value) => value === "different" && new Set(scope.map((index) => item.verdicts[index])).size > 1);
  }

  const grids = all("[data-grid]").map((table) => new Grid(table));
  const filtered = grids.find((grid) => grid.table.hasAttribute("data-filter"));

  function update() {
    const asked = parse(state.q);
    for (const grid of grids) grid.show(asked);
    if (!filtered || !search) return;
    filtered.filter(asked);
    document.querySelector(".empty").hidden = filtered.count > 0;
    document.getElementById("found").textContent = state.q.trim() ? `${filtered.count} of ${filtered.rows.length}` : "";
    const words = state.q.toLowerCase().split(/\s+/);
    for (const button of all("[data-token]")) button.setAttribute("aria-pressed", words.includes(button.dataset.token));
  }

  // The address always names what is shown. Only the fragment changes: that is allowed for file addresses too.
  function remember() {
    const parts = new URLSearchParams();
    if (state.db) parts.set("db", state.db);
    if (state.q.trim()) parts.set("q", state.q.trim());
    const fragment = parts.toString().replaceAll("%3A", ":").replaceAll("%2F", "/");
    history.replaceState(null, "", fragment ? `#${fragment}` : location.href.split("#")[0]);
  }

  function recall() {
    if (/^#(q|db)=/.test(location.hash)) {
      const parts = new URLSearchParams(location.hash.slice(1));
      state.q = parts.get("q") || "";
      state.db = grids.some((grid) => grid.groups.some((th) => th.dataset.db === parts.get("db"))) ? parts.get("db") : "";
      if (search) search.value = state.q;
    }
    update();
  }

  function ask(query) {
    state.q = search.value = query;
    update();
    remember();
  }

  function toggle(token) {
    const words = state.q.split(/\s+/).filter(Boolean);
    ask((words.includes(token) ? words.filter((word) => word !== token) : [...words, token]).join(" "));
  }

  // Arrow keys walk over the verdicts, so that nobody has to tab through thousands of links.
  function walk(event) {
    const cell = event.target.closest(".grid td");
    const table = cell && cell.closest("table");
    if (!cell || !event.key.startsWith("Arrow")) return;
    const row = cell.parentElement;
    const seen = (other) => other && other.offsetParent !== null && other.querySelector("a");
    let next = cell;
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      const step = event.key === "ArrowLeft" ? "previousElementSibling" : "nextElementSibling";
      do next = next[step]; while (next && !seen(next));
    } else {
      const rows = all("tbody tr:not(.area)", table);
      const step = event.key === "ArrowUp" ? -1 : 1;
      let at = rows.indexOf(row);
      do { at += step; next = rows[at] && rows[at].cells[cell.cellIndex]; } while (rows[at] && !seen(next));
    }
    const link = next && next.querySelector("a");
    if (!link) return;
    event.preventDefault();
    link.focus();
  }

  // What a cell says, in words: made when somebody comes to it, because there are thousands.
  const NAMES = new Map([...letters("verdicts"), ...letters("words")].map(([name, letter]) => [letter, name]));
  function describe(event) {
    const cell = event.target.closest && event.target.closest(".grid td");
    if (!cell || cell.title || !cell.className || cell.className === "none") return;
    const grid = grids.find((one) => one.table.contains(cell));
    const column = grid && grid.columns[cell.cellIndex - 1];
    const verdict = cell.dataset.said || cell.className.slice(2).replaceAll("-", " ");
    const row = cell.parentElement.dataset.row;
    cell.title = `${verdict}${row ? `: ${row}` : ""}, ${column ? column.label : ""}`;
    const link = cell.querySelector("a");
    if (link) link.setAttribute("aria-label", cell.title);
  }

  function openTarget() {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const folded = target && target.closest("details");
    if (folded) folded.open = true;
    if (target) target.scrollIntoView();
  }

  if (search) {
    search.addEventListener("input", () => ask(search.value));
    search.addEventListener("keydown", (event) => { if (event.key === "Escape") ask(""); });
    search.form.addEventListener("submit", (event) => event.preventDefault());
    for (const button of all("[data-token]")) button.addEventListener("click", () => toggle(button.dataset.token));
    for (const button of all("[data-clear]")) button.addEventListener("click", () => { ask(""); search.focus(); });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.target.matches("input")) return;
      event.preventDefault();
      search.focus();
    });
  }
  addEventListener("hashchange", () => { recall(); openTarget(); });
  addEventListener("resize", () => { for (const grid of grids) grid.measure(); update(); });
  for (const kind of ["mouseover", "focusin"]) document.addEventListener(kind, describe);
  document.addEventListener("keydown", walk);
  recall();
  if (!/^#(q|db)=/.test(location.hash)) openTarget();
  let reopened = [];
  addEventListener("beforeprint", () => { reopened = all("details:not([open])"); for (const one of reopened) one.open = true; });
  addEventListener("afterprint", () => { for (const one of reopened) one.open = false; });
})();
