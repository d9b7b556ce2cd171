// The list of tests: searched, filtered, sorted; its state is in the address.
const FILTERS = {
  "n+1": (test) => test.n_plus_one.length > 0,
  failed: (test) => test.outcome === "failed",
  skipped: (test) => test.outcome === "skipped",
  "query errors": hasErrors,
  "cut short": (test) => test.dropped > 0,
  "no queries": (test) => test.count === 0,
};
const ORDERS = {
  test: (one, other) => (one.key < other.key ? -1 : 1),
  count: (one, other) => one.count - other.count,
  ms: (one, other) => one.us - other.us,
};
const narrow = matchMedia("(max-width: 54rem)");

class TestList {
  constructor(state, change) {
    Object.assign(this, { state, change, most: narrow.matches ? 12 : 200 });
    this.search = h("input", {
      id: "search", type: "search", placeholder: "Part of a test's name", autocomplete: "off", spellcheck: "false", value: state.q,
      oninput: () => this.change({ q: this.search.value }), "aria-describedby": "found",
    });
    this.chips = h("div", { class: "chips", role: "group", "aria-label": "Only tests with" });
    this.found = h("p", { id: "found", class: "quiet", role: "status" });
    this.rows = h("div", {});
    this.more = h("p", {});
    $("tests").replaceChildren(
      h("div", { class: "list-head" }, h("div", { class: "box" }, h("label", { for: "search", class: "unseen" }, "Search the tests"), this.search, h("kbd", { "aria-hidden": "true" }, "/")),
        this.chips, this.found),
      this.rows, this.more);
  }

  update(state) {
    this.state = state;
    if (this.search.value !== state.q) this.search.value = state.q;
    const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    const searched = TESTS.filter((test) => words.every((word) => test.lower.includes(word)));
    const only = FILTERS[state.only] || (() => true);
    const [key, order] = state.sort;
    const sign = order === "ascending" ? 1 : -1;
    const shown = searched.filter(only).sort((one, other) => sign * ORDERS[key](one, other) || ORDERS.test(one, other));
    this.drawChips(searched);
    this.found.textContent = !TESTS.length ? "" : shown.length === TESTS.length ? several(TESTS.length, "test") : `${number(shown.length)} of ${several(TESTS.length, "test")}`;
    this.drawRows(shown);
  }

  drawChips(searched) {
    const present = Object.entries(FILTERS).filter(([name, test]) => name === this.state.only || TESTS.some(test));
    const focused = document.activeElement?.dataset?.only;
    this.chips.replaceChildren(...present.map(([name, test]) => {
      const on = this.state.only === name;
      return toggle([name, " ", h("span", { class: "tally" }, number(searched.filter(test).length))], on, () => this.change({ only: on ? "" : name }), { "data-only": name });
    }));
    if (focused) this.chips.querySelector(`[data-only="${focused}"]`)?.focus();
  }

  drawRows(shown) {
    if (!TESTS.length) return this.rows.replaceChildren(h("p", { class: "empty" }, "No test of this session used a database."));
    if (!shown.length) {
      return this.rows.replaceChildren(h("p", { class: "empty" }, "No test is like that. ", h("button", { type: "button", onclick: () => this.change({ q: "", only: "" }) }, "Show all")));
    }
    const sort = (order) => { this.change({ sort: order }); this.rows.querySelector(`[data-sort=${order[0]}] button`).focus(); };
    const heading = (name, key, first, attributes) => sortable(name, key, first, this.state.sort, sort, attributes);
    this.rows.replaceChildren(table({ class: "tests", "aria-label": "Tests" },
      head(heading("Test", "test", "ascending"), heading("Queries", "count", "descending", { class: "n" }), heading("ms", "ms", "descending", { class: "n" })),
      body(shown.slice(0, this.most).map((test) => this.row(test)))));
    const left = shown.length - this.most;
    this.more.replaceChildren(...(left > 0 ? [h("button", { type: "button", onclick: () => { this.most += 200; this.update(this.state); } }, `Show ${number(Math.min(left, 200))} more`)] : []));
  }

  row(test) {
    const [file, name] = namesOf(test.key);
    const current = test.key === this.state.test;
    return row({ class: current ? "current" : null, "data-test": test.key },
      h("th", { role: "rowheader", scope: "row" },
        h("a", { href: address({ ...this.state, test: test.key, query: null }), "aria-current": current ? "true" : null }, breakable(name)),
        h("small", {}, h("span", { class: "file" }, breakable(file)),
          test.outcome === "passed" ? null : badge(test.outcome === "failed" ? "bad" : "quiet", test.outcome), test.n_plus_one.length ? badge("warn", "N+1") : null,
          test.dropped ? badge("quiet", "cut short") : null)),
      cell("Queries", { class: "n" }, number(test.count)), cell("ms", { class: "n" }, milliseconds(test.ms)));
  }
}
