// What was left open: equal leaks are one entry, as `folded` of pytest_async_orm/leaks/document.py makes them.
function leaksView() {
  const leaks = DATA.leaks || [];
  if (!leaks.length) return null;
  return h("section", { id: "leaks", "aria-labelledby": "leaks-head" }, h("h2", { id: "leaks-head" }, "Left open"),
    h("ul", { class: "n1" }, leaks.map((leak) => h("li", { class: leak.allowed ? "allowed" : "bad" }, leakCard(leak)))));
}

function leakCard(leak) {
  const tests = leak.tests || [], threads = leak.threads || [];
  const where = [leak.alias ? `on ${leak.alias}` : null, leak.vendor || null, threads.length ? `thread ${listed(threads, 2)}` : null].filter(Boolean);
  return [
    h("p", { class: "gist" }, h("b", {}, `${number(leak.count ?? 1)} ×`), " ", KINDS_OF_CONNECTIONS.has(leak.kind) ? `connection ${leak.kind}` : leak.kind, " at ", lineOf(leak.line)),
    where.length ? h("p", { class: "in" }, breakable(where.join(" · "))) : null,
    leak.remedy ? h("p", { class: "remedy" }, leak.remedy) : null,
    leak.allowed ? h("p", { class: "in" }, "allowed: ", leak.allowed) : null,
    tests.length ? h("p", { class: "in" }, "in ", testLink(tests[0]), tests.length > 1 ? ` and ${several(tests.length - 1, "other test")}` : "") : null,
  ];
}

const KINDS_OF_CONNECTIONS = new Set(["orphaned", "lingering", "in transaction"]);
const listed = (names, most) => names.slice(0, most).join(", ") + (names.length > most ? ` and ${number(names.length - most)} more` : "");

// A test that sent queries has a view of its own.
function testLink(test) {
  const name = breakable(namesOf(test)[1]);
  return BY_KEY.has(test) ? h("a", { href: address({ test }) }, name) : h("span", {}, name);
}
