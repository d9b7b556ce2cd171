// The queries of a test as a table: filtered, equal neighbours folded, a page at a time.
const PAGE = 100;

class QueryTable {
  // `chosen` hears which queries the filters leave, and null where there are none.
  constructor(test, open, chosen) {
    Object.assign(this, { test, open, chosen, page: 0, words: "", kind: "", group: null, sort: ["number", "ascending"], unfolded: new Set(), selected: null });
    this.statement = new Map();
    this.search = h("input", {
      id: "find", type: "search", placeholder: "SQL, line, task or thread", autocomplete: "off", spellcheck: "false",
      oninput: () => this.set({ words: this.search.value }),
    });
    this.tools = h("div", { class: "chips", role: "group", "aria-label": "Only queries of the kind" });
    this.told = h("p", { class: "quiet", role: "status" });
    this.rows = h("div", { class: "scroll" });
    this.pager = h("nav", { class: "pager", "aria-label": "Pages of the table" });
    this.element = h("section", { "aria-labelledby": "queries-head" }, h("h2", { id: "queries-head", tabindex: "-1" }, "Queries"),
      h("div", { class: "filters" }, h("div", { class: "box" }, h("label", { for: "find", class: "unseen" }, "Search the queries"), this.search), this.tools),
      this.told, this.rows, this.pager);
    this.aliases = new Set();
    this.kinds = new Map();
    for (let index = 0; index < test.kept; index += 1) {
      const [, , kind, alias] = DATA.statements[at(test, "statement", index)];
      this.aliases.add(alias);
      this.kinds.set(textOf(kind), (this.kinds.get(textOf(kind)) || 0) + 1);
    }
    this.set({});
  }

  set(change) {
    Object.assign(this, change);
    if (!("page" in change)) this.page = 0;
    const found = this.filtered();
    this.items = this.folded(found);
    this.draw();
    this.chosen(this.filters() ? new Set(found) : null);
  }

  filtered() {
    const { test, kind, group } = this, tests = [];
    if (kind === "errors") tests.push((index) => at(test, "error", index) !== null);
    else if (kind) tests.push((index) => kindAt(test, index) === kind);
    if (group) tests.push(matchesGroup(test, group));
    for (const word of this.words.toLowerCase().split(/\s+/).filter(Boolean)) {
      // Once for each text, not for each query.
      const has = DATA.strings.map((text) => text.toLowerCase().includes(word));
      const some = (texts) => texts.some((text) => text !== null && has[text]);
      const statements = DATA.statements.map((parts) => some(parts.slice(0, 5))), stacks = DATA.stacks.map(some), lanes = DATA.lanes.map(some);
      tests.push((index) => statements[at(test, "statement", index)] || stacks[at(test, "stack", index)] || lanes[at(test, "lane", index)] || some([at(test, "params", index), at(test, "error", index)]));
    }
    const found = [];
    for (let index = 0; index < test.kept; index += 1) if (tests.every((one) => one(index))) found.push(index);
    if (this.sort[0] === "ms") {
      const sign = this.sort[1] === "ascending" ? 1 : -1;
      found.sort((one, other) => sign * (at(test, "duration", one) - at(test, "duration", other)) || one - other);
    } else if (this.sort[1] === "descending") found.reverse();
    return found;
  }

  same(one, other) {
    const { test } = this, [, first, , alias] = DATA.statements[at(test, "statement", one)], [, second, , alias2] = DATA.statements[at(test, "statement", other)];
    const site = (index) => DATA.stacks[at(test, "stack", index)][0];
    return first === second && alias === alias2 && site(one) === site(other) &&
      at(test, "lane", one) === at(test, "lane", other) && at(test, "error", one) === at(test, "error", other) &&
      at(test, "flags", one) === at(test, "flags", other);
  }

  // Numbers of rows: `{ first, group }` for neighbours that are equal, followed by them where they are unfolded.
  folded(found) {
    const groups = [];
    for (const index of found) {
      const last = groups.at(-1);
      const neighbours = last && this.sort[0] === "number" && !this.group && Math.abs(last.at(-1) - index) === 1;
      if (neighbours && this.same(last.at(-1), index)) last.push(index);
      else groups.push([index]);
    }
    this.shown = found.length;
    return groups.flatMap((group) => {
      if (group.length === 1) return [{ index: group[0] }];
      const open = this.unfolded.has(group[0]);
      const header = { index: group[0], group, open };
      return open ? [header, ...group.map((index) => ({ index, inside: true }))] : [header];
    });
  }

  draw() {
    this.drawTools();
    const from = this.page * PAGE, items = this.items.slice(from, from + PAGE);
    const { test } = this;
    const parts = [this.shown === test.kept ? queries(test.kept) : `${number(this.shown)} of ${queries(test.kept)}`];
    if (this.group) parts.push(this.group.statement === undefined ? "of one N+1" : "with one SQL");
    this.told.replaceChildren(parts.join(" "), ...(this.filters() ? [" ", h("button", { type: "button", onclick: () => this.clear() }, "Show all")] : []));
    if (!items.length) {
      this.rows.replaceChildren(h("p", { class: "empty" }, test.kept ? "No query is like that." : "This test sent no query."));
      return this.pager.replaceChildren();
    }
    const sort = (order) => { this.set({ sort: order }); this.rows.querySelector(`[data-sort=${order[0]}] button`).focus(); };
    const heading = (name, key, first) => sortable(name, key, first, this.sort, sort, { class: "n" });
    this.several = this.aliases.size > 1;
    this.rows.replaceChildren(table({ class: "queries", "aria-labelledby": "queries-head" },
      head(heading("#", "number", "ascending"), heading("ms", "ms", "descending"), this.several ? column("Alias", { class: "alias" }) : null,
        column("Task, thread", { class: "who" }), column("Kind", { class: "kind" }), column("Rows", { class: "n rows" }), column("Call site", { class: "site" }), column("SQL")),
      body(items.map((item) => (item.group ? this.groupRow(item) : this.queryRow(item))))));
    this.drawPager();
  }

  filters() { return this.words || this.kind || this.group; }

  clear() {
    this.search.value = "";
    this.set({ words: "", kind: "", group: null });
    this.search.focus();
  }

  drawTools() {
    const failed = hasErrors(this.test) ? ["errors"] : [];
    const names = [...KINDS.filter((kind) => this.kinds.has(kind)), ...failed];
    const focused = document.activeElement?.dataset?.kind;
    this.tools.replaceChildren(...(names.length < 2 ? [] : names.map((name) => {
      const count = this.kinds.get(name);
      return toggle([name, count === undefined ? null : [" ", h("span", { class: "tally" }, number(count))]], this.kind === name, () => this.set({ kind: this.kind === name ? "" : name }), { "data-kind": name });
    })));
    if (focused) this.tools.querySelector(`[data-kind="${focused}"]`)?.focus();
  }

  cells(query) {
    const task = query.task || query.thread;
    return [
      this.several ? cell("Alias", { class: "alias" }, query.alias) : null,
      cell("Task, thread", { class: "who", title: query.thread }, h("b", {}, task), query.task ? h("small", { class: "thread" }, query.thread) : null, query.attributed ? null : badge("warn", "no block", "No context and no thread tells which block of the test this query belongs to")),
      cell("Kind", { class: "kind" }, h("span", { class: `dot k-${query.kind}` }, query.kind), query.inTransaction ? h("small", { title: "The application had a transaction open" }, "in transaction") : null),
    ];
  }

  queryRow({ index, inside }) {
    const query = queryAt(this.test, index);
    const link = h("a", { href: this.open.address(index), "aria-label": `Query ${index + 1}` }, number(index + 1));
    return row({ class: `query${inside ? " inside" : ""}${query.error ? " failed" : ""}`, "data-query": index + 1, "aria-current": index === this.selected ? "true" : null, onclick: (event) => this.press(event, index) },
      cell("Number", { class: "n" }, link), cell("ms", { class: "n" }, milliseconds(query.ms)), this.cells(query),
      cell("Rows", { class: "n rows" }, query.rows === null ? "" : number(query.rows)), cell("Call site", { class: "site" }, lineOf(query.site, true)),
      cell("SQL", { class: "sql" }, h("code", {}, colours(brief(query.sql))), query.many ? badge("quiet", "executemany") : null, query.error ? h("small", { class: "bad" }, query.error) : null));
  }

  groupRow({ index, group, open }) {
    const query = queryAt(this.test, index), numbers = [Math.min(...ends(group)), Math.max(...ends(group))];
    const ms = group.reduce((sum, one) => sum + durationAt(this.test, one), 0);
    const fold = () => {
      this.unfolded[open ? "delete" : "add"](index);
      this.set({ page: this.page });
      this.rows.querySelector(`[data-fold="${index}"]`)?.focus();
    };
    return row({ class: "group", onclick: (event) => { if (!event.target.closest("a, button")) fold(); } },
      cell("Number", { class: "n" }, `${number(numbers[0] + 1)}–${number(numbers[1] + 1)}`), cell("ms", { class: "n" }, milliseconds(ms)), this.cells(query),
      cell("Rows", { class: "n rows" }, ""), cell("Call site", { class: "site" }, lineOf(query.site, true)),
      cell("SQL", { class: "sql" }, h("button", { type: "button", class: "fold", "aria-expanded": String(open), "data-fold": index, onclick: fold }, `${number(group.length)} ×`),
        h("code", {}, colours(brief(query.fingerprint))), query.error ? h("small", { class: "bad" }, query.error) : null));
  }

  press(event, index) {
    if (!event.target.closest("a, button") && !String(getSelection())) this.open(index);
  }

  drawPager() {
    const pages = Math.ceil(this.items.length / PAGE);
    if (pages < 2) return this.pager.replaceChildren();
    const turn = (page) => { this.set({ page }); this.element.scrollIntoView(); $("queries-head").focus({ preventScroll: true }); };
    const choice = h("input", { type: "number", min: 1, max: pages, value: this.page + 1, "aria-label": "Page", onchange: () => turn(Math.min(Math.max(Math.round(Number(choice.value)) || 1, 1), pages) - 1) });
    this.pager.replaceChildren(
      h("button", { type: "button", disabled: this.page === 0, onclick: () => turn(this.page - 1) }, "Earlier"),
      h("span", {}, "page ", choice, ` of ${number(pages)}`),
      h("button", { type: "button", disabled: this.page === pages - 1, onclick: () => turn(this.page + 1) }, "Later"));
  }

  // The row of a query, on whatever page and in whatever fold it is.
  mark(index) {
    this.selected = index;
    if (index !== null) this.reveal(index);
    for (const shown of this.rows.querySelectorAll("tr[data-query]")) {
      if (Number(shown.dataset.query) - 1 === index) shown.setAttribute("aria-current", "true");
      else shown.removeAttribute("aria-current");
    }
  }

  reveal(index) {
    const holds = (item) => (item.group ? item.group.includes(index) : item.index === index);
    let place = this.items.findIndex((item) => item.index === index && !item.group);
    if (place < 0) {
      const header = this.items.findIndex(holds);
      if (header < 0) return;
      this.unfolded.add(this.items[header].index);
      this.items = this.folded(this.filtered());
      place = this.items.findIndex((item) => item.index === index && !item.group);
      this.page = -1;
    }
    const page = Math.floor(place / PAGE);
    if (page === this.page) return;
    this.page = page;
    this.draw();
  }

  showGroup(group) {
    this.search.value = "";
    this.set({ group, kind: "", words: "" });
    this.element.scrollIntoView();
    $("queries-head").focus({ preventScroll: true });
  }
}

const ends = (list) => [list[0], list.at(-1)];
