// The address says what is shown: `#test=…&query=…`, and of the list `q`, `only` and `sort`.
const DEFAULT_SORT = ["test", "ascending"];

function stateOf(hash) {
  const asked = new URLSearchParams(hash.replace(/^#/, ""));
  const [key, order] = (asked.get("sort") || "").split("-");
  return {
    test: BY_KEY.has(asked.get("test")) ? asked.get("test") : null, missing: asked.has("test") && !BY_KEY.has(asked.get("test")) ? asked.get("test") : null,
    query: Number(asked.get("query")) || null, q: asked.get("q") || "", only: asked.get("only") in FILTERS ? asked.get("only") : "",
    sort: key in ORDERS && ["ascending", "descending"].includes(order) ? [key, order] : DEFAULT_SORT,
  };
}

function address(state) {
  const found = new URLSearchParams();
  for (const name of ["test", "query", "q", "only"]) if (state[name]) found.set(name, state[name]);
  if (state.sort && state.sort.join() !== DEFAULT_SORT.join()) found.set("sort", state.sort.join("-"));
  return `#${found}`;
}

let state = stateOf(location.hash), shown = null, list = null, origin = null;

// Looking at another query, or another part of the list, is no step to go back over.
function replace(change) {
  const next = { ...state, ...change };
  // A browser may refuse when somebody types fast: what is shown does not depend on it.
  try { history.replaceState(null, "", address(next)); } catch { /* the next change is written again */ }
  render(next);
}

// Whoever opens a query by key goes on reading there, and comes back by Escape.
function openQuery(index, byKey = false) {
  if (index !== null && !$("query").contains(document.activeElement)) origin = document.activeElement;
  const focused = $("query").contains(document.activeElement);
  replace({ query: index === null ? null : index + 1 });
  if (byKey) $("query-head").focus();
  if (index === null && focused) (origin?.isConnected ? origin : $("queries-head"))?.focus();
}
openQuery.address = (index) => address({ ...state, query: index + 1 });

function drawMain() {
  const test = BY_KEY.get(state.test);
  if (!test) {
    shown = { key: null };
    const lost = state.missing && h("p", { class: "note warn" }, "This session has no test ", h("code", {}, state.missing), ".");
    return $("main").replaceChildren(...[lost, ...sessionView(state)].filter(Boolean));
  }
  const timeline = test.kept ? new Timeline(test, openQuery) : null;
  shown = { key: test.key, test, timeline, table: new QueryTable(test, openQuery, (chosen) => timeline?.only(chosen)) };
  const parts = [...testHead(test, state), groupsOf(test, (group) => shown.table.showGroup(group)), shown.timeline?.element, shown.table.element];
  $("main").replaceChildren(...parts.filter(Boolean));
  shown.timeline?.draw();
}

function render(next) {
  state = next;
  const moved = !shown || shown.key !== state.test;
  document.body.dataset.view = state.test ? "test" : "session";
  list.update(state);
  if (moved) drawMain();
  const index = shown.test && state.query >= 1 && state.query <= shown.test.kept ? state.query - 1 : null;
  shown.table?.mark(index);
  shown.timeline?.mark(index);
  if (index === null) hideQuery();
  else showQuery(shown.test, index, { go: openQuery, address: openQuery.address, same: showSame });
  document.title = `${shown.test ? namesOf(shown.key)[1] : "Queries of a test session"}`;
  return moved;
}

function showSame(query) {
  openQuery(null);
  shown.table.showGroup({ statement: query.statement });
}

function start() {
  $("lines").replaceChildren(...linesSetting());
  list = new TestList(state, replace);
  render(state);
  if (state.query) document.querySelector("tr[aria-current=true]")?.scrollIntoView({ block: "center" });
  document.querySelector("#tests [aria-current=true]")?.scrollIntoView({ block: "nearest" });
}

addEventListener("hashchange", () => {
  hideTip();
  const before = document.activeElement, moved = render(stateOf(location.hash));
  if (moved) {
    scrollTo(0, 0);
    $("main").querySelector("h1").focus({ preventScroll: true });
  } else if (state.query) {
    origin = before;
    $("query-head")?.focus();
  }
});
addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, select, textarea");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    const field = state.test && narrow.matches ? $("find") : $("search");
    field?.focus();
  } else if (event.key === "Escape" && state.query && !typing) openQuery(null);
  else if (event.key === "Escape") hideTip();
});
addEventListener("scroll", hideTip, { passive: true });
document.querySelector("[data-skip]").addEventListener("click", (event) => {
  event.preventDefault();
  $("main").focus();
});
start();
