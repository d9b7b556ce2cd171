// Connections as bars over time, and those that leaked: shown where the document has any.
// Both are what `leaks_document` of pytest_async_orm/leaks/document.py makes; times in seconds, null for never closed.
function connectionsView() {
  const connections = DATA.connections || [], leaks = DATA.leaks || [];
  if (!connections.length && !leaks.length) return null;
  return h("section", { id: "connections", "aria-labelledby": "connections-head" }, h("h2", { id: "connections-head" }, "Connections"), leaksTable(leaks), connectionBars(connections));
}

function leaksTable(leaks) {
  if (!leaks.length) return null;
  const keys = [...new Set(leaks.flatMap((leak) => Object.keys(Object(leak))))];
  const shown = (key, value) => (key === "line" ? lineOf(value, true) : value === null || value === undefined ? "–" : typeof value === "object" ? JSON.stringify(value) : String(value));
  return table({ class: "leaks", "aria-label": "Leaked connections" }, head(keys.map((key) => column(key.replaceAll("_", " ")))),
    body(leaks.map((leak) => row({ class: "failed" }, keys.map((key) => cell(key.replaceAll("_", " "), {}, shown(key, leak[key])))))));
}

function connectionBars(connections) {
  if (!connections.length) return null;
  const from = Math.min(...connections.map((one) => one.opened));
  const to = Math.max(...connections.map((one) => one.closed ?? one.opened), from + 0.001);
  const share = (seconds) => `${(100 * (seconds - from)) / (to - from)}%`;
  return h("ul", { class: "plot", "aria-label": "Connections over time" }, connections.map((one) => {
    const open = one.closed === null || one.closed === undefined, end = open ? to : one.closed;
    const span = `${milliseconds(1000 * (end - one.opened))} ms${open ? ", never closed" : ""}`;
    return h("li", { class: "lane", title: span }, h("span", { class: "name" }, h("b", {}, one.alias), h("small", {}, one.thread)),
      h("div", { class: "track" }, unseen(span), h("i", { class: `bar k-other${open ? " failed" : ""}`, style: { left: share(one.opened), width: share(from + end - one.opened), "min-width": "3px" } })));
  }));
}
