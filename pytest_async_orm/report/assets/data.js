// What the page was made from: tables of texts, and one list a column for the queries of a test.
const DATA = JSON.parse($("data").textContent);
const KINDS = ["read", "write", "transaction", "savepoint", "other"];
const IN_TRANSACTION = 1, UNATTRIBUTED = 2;

const textOf = (place) => (place === null ? null : DATA.strings[place]);
const at = (test, name, index) => {
  const found = test.columns[name];
  return Array.isArray(found) ? found[index] : found;
};

// A test that was run again has the same id: the later ones are told apart by a number.
const TESTS = (() => {
  const seen = new Map();
  return DATA.tests.map((test) => {
    const turn = (seen.get(test.test) || 0) + 1;
    seen.set(test.test, turn);
    const key = turn === 1 ? test.test : `${test.test} (${turn})`;
    return { ...test, key, lower: key.toLowerCase(), ms: test.us / 1000 };
  });
})();
const BY_KEY = new Map(TESTS.map((test) => [test.key, test]));

// `tests/test_blog.py` and `TestArchive › test_month[2024]`.
function namesOf(key) {
  const cut = key.indexOf("::");
  return cut < 0 ? ["", key] : [key.slice(0, cut), key.slice(cut + 2).replaceAll("::", " › ")];
}

// Microseconds since the first query of the test.
function startsOf(test) {
  if (!test.starts) {
    test.starts = new Float64Array(test.kept);
    let now = 0;
    for (let index = 0; index < test.kept; index += 1) test.starts[index] = now += at(test, "start", index);
  }
  return test.starts;
}

const kindAt = (test, index) => textOf(DATA.statements[at(test, "statement", index)][2]);
const fingerprintAt = (test, index) => DATA.statements[at(test, "statement", index)][1];
const durationAt = (test, index) => at(test, "duration", index) / 1000;
const siteOf = (stack) => textOf(DATA.stacks[stack][0]);

function queryAt(test, index) {
  const [sql, fingerprint, kind, alias, vendor, many] = DATA.statements[at(test, "statement", index)];
  const [site, ...stack] = DATA.stacks[at(test, "stack", index)].map(textOf);
  const [thread, task] = DATA.lanes[at(test, "lane", index)].map(textOf);
  const flags = at(test, "flags", index);
  return {
    index, sql: textOf(sql), fingerprint: textOf(fingerprint), kind: textOf(kind), alias: textOf(alias),
    vendor: textOf(vendor), many: Boolean(many), params: textOf(at(test, "params", index)), site, stack, thread, task,
    start: startsOf(test)[index] / 1000, ms: durationAt(test, index), rows: at(test, "rows", index),
    error: textOf(at(test, "error", index)), inTransaction: Boolean(flags & IN_TRANSACTION),
    attributed: !(flags & UNATTRIBUTED), statement: at(test, "statement", index),
  };
}

const hasErrors = (test) => test.columns.error !== null && test.columns.error.length !== 0;
// A group of an N+1, or everything with one statement.
const matchesGroup = (test, group) => (group.statement !== undefined ? (index) => at(test, "statement", index) === group.statement : (index) =>
  textOf(fingerprintAt(test, index)) === group.fingerprint && siteOf(at(test, "stack", index)) === group.call_site &&
  kindAt(test, index) === "read");
