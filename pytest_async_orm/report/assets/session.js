// What is shown of a whole session, and of one test.
function facts(pairs) {
  return h("ul", { class: "tiles" }, pairs.filter(Boolean).map(([value, name, tone]) => h("li", { class: tone }, h("b", {}, value), " ", h("span", {}, name))));
}

function sessionView(state) {
  const sum = (value) => TESTS.reduce((total, test) => total + value(test), 0);
  const groups = TESTS.flatMap((test) => test.n_plus_one.map((group) => ({ test, group })));
  const failed = TESTS.filter(FILTERS.failed).length;
  const leaks = (DATA.leaks || []).reduce((total, leak) => total + (leak.allowed ? 0 : leak.count ?? 1), 0);
  return [
    h("h1", { tabindex: "-1" }, "Session"),
    facts([
      [number(TESTS.length), TESTS.length === 1 ? "test with a database" : "tests with a database"], [number(sum((test) => test.count)), "queries"],
      [milliseconds(sum((test) => test.ms)), "ms in the database"], groups.length ? [number(groups.length), "N+1", "warn"] : null, leaks ? [number(leaks), "left open", "bad"] : null,
      failed ? [number(failed), "failed", "bad"] : null,
    ]),
    noticesView(), leaksView(), repeated(groups, state), slowest(state), connectionsView(), environment(),
  ];
}

// What the terminal tells in sections of its own, beside leaks.
function noticesView() {
  const found = DATA.notices || [];
  if (!found.length) return null;
  return h("section", { "aria-labelledby": "notices-head" }, h("h2", { id: "notices-head" }, "Told of this session"), found.map((notice) => [
    h("p", { class: "gist" }, h("b", {}, notice.topic), notice.tests.length ? [" ", h("span", { class: "in" }, breakable(notice.tests.join(", ")))] : null),
    h("p", { class: "note warn told" }, notice.text)]));
}

// One line of code and one shape, in however many tests.
function repeated(groups, state) {
  const found = new Map();
  for (const hit of groups) {
    const key = JSON.stringify([hit.group.call_site, hit.group.fingerprint]);
    found.set(key, [...(found.get(key) || []), hit]);
  }
  if (!found.size) return null;
  const all = [...found.values()].map((hits) => hits.sort((one, other) => other.group.count - one.group.count)).sort((one, other) => other[0].group.count - one[0].group.count);
  return h("section", { "aria-labelledby": "n1-head" }, h("h2", { id: "n1-head" }, "N+1"), groupList(all, 5, (hits) => h("p", { class: "in" }, "in ",
    h("a", { href: address({ ...state, test: hits[0].test.key, query: null }) }, namesOf(hits[0].test.key)[1]), hits.length > 1 ? ` and ${several(hits.length - 1, "other test")}` : "")));
}

function groupList(all, most, foot) {
  const list = h("ul", { class: "n1" });
  const draw = (count) => {
    list.replaceChildren(...all.slice(0, count).map((hits) => h("li", {}, groupCard(hits[0].group), foot(hits))));
    if (count < all.length) list.append(h("li", { class: "more" }, h("button", { type: "button", onclick: () => draw(all.length) }, `Show all ${number(all.length)}`)));
  };
  draw(most);
  return list;
}

function groupCard(group) {
  return [
    h("p", { class: "gist" }, h("b", {}, `${number(group.count)} ×`), " ", lineOf(group.call_site),
      group.loop && group.loop !== group.call_site ? [" in the loop at ", lineOf(group.loop)] : null),
    h("code", { class: "shape" }, colours(brief(group.fingerprint))), h("p", { class: "remedy" }, group.remedy),
  ];
}

function slowest(state) {
  let found = [];
  for (const test of TESTS) {
    for (let index = 0; index < test.kept; index += 1) {
      const us = at(test, "duration", index);
      if (found.length < 10 || us > found.at(-1).us) {
        found.push({ us, test, index });
        found.sort((one, other) => other.us - one.us);
        found = found.slice(0, 10);
      }
    }
  }
  if (!found.length) return null;
  return h("section", { "aria-labelledby": "slow-head" }, h("h2", { id: "slow-head" }, "Slowest queries"),
    table({ class: "slowest", "aria-labelledby": "slow-head" }, head(column("ms", { class: "n" }), column("SQL"), column("Call site"), column("Test")),
      body(found.map(({ test, index }) => {
        const query = queryAt(test, index);
        return row({}, cell("ms", { class: "n" }, h("a", { href: address({ ...state, test: test.key, query: index + 1 }), "aria-label": `${milliseconds(query.ms)} ms, query ${index + 1} of ${test.key}` }, milliseconds(query.ms))),
          cell("SQL", { class: "sql" }, h("code", {}, colours(brief(query.sql)))), cell("Call site", { class: "site" }, lineOf(query.site, true)), cell("Test", { class: "in" }, breakable(namesOf(test.key)[1])));
      }))));
}

function environment() {
  const { databases = {}, ...versions } = DATA.environment;
  const pairs = [...Object.entries(versions), ...Object.entries(databases).map(([alias, engine]) => [`database ${alias}`, engine])];
  return h("section", { "aria-labelledby": "environment-head" }, h("h2", { id: "environment-head" }, "Environment"), h("dl", { class: "facts" }, pairs.map(([name, value]) => [h("dt", {}, name), h("dd", {}, String(value))])));
}

function testHead(test, state) {
  const [file, name] = namesOf(test.key);
  const strays = countFlag(test);
  return [
    h("p", { class: "crumbs" }, h("a", { href: address({ ...state, test: null, query: null }) }, "Session"), file ? [" / ", file] : null),
    h("h1", { tabindex: "-1" }, breakable(name)),
    facts([
      [test.outcome, "", { passed: "good", failed: "bad" }[test.outcome]], [number(test.count), test.count === 1 ? "query" : "queries"], [milliseconds(test.ms), "ms in the database"],
      test.n_plus_one.length ? [number(test.n_plus_one.length), "N+1", "warn"] : null, strays ? [number(strays), "of no block", "warn"] : null,
    ]),
    test.dropped ? h("p", { class: "note warn" }, h("strong", {}, `${queries(test.dropped)} more`), ` ${test.dropped === 1 ? "was" : "were"} counted and not kept: the first ${number(test.kept)} are shown.`) : null,
  ];
}

function countFlag(test) {
  let count = 0;
  for (let index = 0; index < test.kept; index += 1) count += Boolean(at(test, "flags", index) & UNATTRIBUTED);
  return count;
}

function groupsOf(test, show) {
  if (!test.n_plus_one.length) return null;
  const all = [...test.n_plus_one].sort((one, other) => other.count - one.count).map((group) => [{ group }]);
  return h("section", { "aria-labelledby": "n1-head" }, h("h2", { id: "n1-head" }, "N+1"),
    groupList(all, 5, ([{ group }]) => h("p", { class: "in" }, h("button", { type: "button", onclick: () => show(group) }, "Show these queries"))));
}
