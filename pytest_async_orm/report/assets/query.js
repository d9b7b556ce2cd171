// One query in full, at the foot of the window: beside its table, not instead of it.
function showQuery(test, index, { go, address, same }) {
  const dock = $("query"), query = queryAt(test, index);
  const step = (text, label, to) => h("button", { type: "button", "aria-label": label, title: label, disabled: to < 0 || to >= test.kept, onclick: () => { go(to); focusStep(label); } }, text);
  const close = h("button", { type: "button", "aria-label": "Close", title: "Close (Escape)", "data-close": true, onclick: () => go(null) }, "✕");
  const stack = query.stack.length && query.stack[0] === query.site ? query.stack : [query.site, ...query.stack].filter(Boolean);
  const twins = countOf(test, query.statement);
  dock.replaceChildren(
    h("div", { class: "dock-head" },
      h("h2", { id: "query-head", tabindex: "-1" }, `Query ${number(index + 1)} `, h("span", { class: "quiet" }, `of ${number(test.kept)}`)),
      h("span", { class: `dot k-${query.kind}` }, query.kind), h("span", {}, `${milliseconds(query.ms)} ms`),
      query.rows === null ? null : h("span", {}, several(query.rows, "row")),
      h("span", { class: "buttons" }, step("←", "Query before", index - 1), step("→", "Query after", index + 1), close)),
    h("div", { class: "dock-body" },
      h("div", {}, query.error ? h("p", { class: "note bad", role: "note" }, h("strong", {}, "Failed: "), query.error) : null,
        h("div", { class: "titled" }, h("h3", {}, "SQL"), h("button", { type: "button", class: "copy", onclick: (event) => copy(query.sql, event.currentTarget) }, "Copy")),
        h("pre", { class: "sql", tabindex: "0", "aria-label": "SQL" }, lines(query.sql)),
        query.params === null ? null : [h("h3", {}, query.many ? "Parameters of every row" : "Parameters"), h("pre", { tabindex: "0", "aria-label": "Parameters" }, query.params)]),
      h("div", {}, h("h3", {}, "Lines, innermost first"),
        stack.length ? h("ol", { class: "stack" }, stack.map((line) => h("li", {}, lineOf(line)))) : h("p", { class: "quiet" }, "No line of yours is on the stack: a library or Django itself sent it."),
        h("dl", { class: "facts" }, [
          ["Task", query.task || "none"], ["Thread", query.thread], ["Database", `${query.alias} (${query.vendor})`],
          ["Started", `${milliseconds(query.start)} ms after the first query, ${clock(test.started_at + query.start / 1000)}`],
          ["Transaction", query.inTransaction ? "open" : "none of the application's"],
          ["Block", query.attributed ? null : "unknown: no context and no starting thread tells which block of the test it belongs to"],
          ["Sent by", query.many ? "executemany" : null],
        ].filter(([, value]) => value).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
        h("p", { class: "buttons" }, h("button", { type: "button", class: "copy", onclick: (event) => copy(location.href.split("#")[0] + address(index), event.currentTarget) }, "Copy link"),
          twins > 1 ? h("button", { type: "button", onclick: () => same(query) }, `Show all ${number(twins)} with this SQL`) : null))));
  dock.hidden = false;
  document.body.classList.add("docked");
  document.documentElement.style.setProperty("--dock", `${dock.offsetHeight}px`);
}

function hideQuery() {
  $("query").hidden = true;
  document.body.classList.remove("docked");
}

function focusStep(label) {
  const button = document.querySelector(`#query [aria-label="${label}"]`);
  (button && !button.disabled ? button : $("query-head")).focus();
}

function countOf(test, statement) {
  let count = 0;
  for (let index = 0; index < test.kept; index += 1) count += at(test, "statement", index) === statement;
  return count;
}

const clock = (seconds) => new Date(seconds * 1000).toISOString().slice(11, 23) + " UTC";
