// Connections as bars over time, one lane for each database on each thread: shown where the document has any.
// They are what `leaks_document` of pytest_async_orm/leaks/document.py makes; times in seconds, null for never closed.
const OWNERS = {
  yours: ["read", "opened by the tests"],
  shared: ["savepoint", "an isolated test's: all share one real connection"],
  kept: ["other", "kept by the plugin, pytest-django or asgiref"],
};
const FEW_LANES_OF_CONNECTIONS = 16;

const ownerOf = (one) => (one.owned ? "kept" : one.virtual ? "shared" : "yours");
const isOpen = (one) => one.closed === null || one.closed === undefined;
// Nobody has to close what is not the tests'.
const isLeft = (one) => isOpen(one) && !one.owned;

function connectionsView() {
  const connections = DATA.connections || [];
  if (!connections.length) return null;
  const from = connections.reduce((least, one) => Math.min(least, one.opened), Infinity);
  const to = connections.reduce((most, one) => Math.max(most, one.closed ?? one.opened), from + 0.001);
  const range = [0, (to - from) * 1e6], lanes = connectionLanes(connections), left = connections.filter(isLeft).length;
  const plot = h("div", { class: "plot connections" }), more = h("p", { class: "quiet" });
  const draw = (most) => {
    plot.replaceChildren(connectionAxis(range), ...lanes.slice(0, most).map((lane) => connectionLane(lane, from, to)));
    more.replaceChildren(...(most < lanes.length ? [toggle(`Show all ${number(lanes.length)} lanes`, false, () => draw(lanes.length))] : []));
  };
  plot.addEventListener("pointerleave", hideTip);
  draw(FEW_LANES_OF_CONNECTIONS);
  return h("section", { id: "connections", "aria-labelledby": "connections-head" },
    h("div", { class: "bar-head" }, h("h2", { id: "connections-head" }, "Connections"), connectionLegend(connections, left)),
    h("p", { class: "in" }, `${several(connections.length, "connection")} in ${durationText(to - from)}, ${left ? `${number(left)} never closed` : "none of yours left open"}.`), plot, more);
}

// Those with something left open first, then by their first connection.
function connectionLanes(connections) {
  const lanes = new Map();
  for (const one of connections) {
    const key = JSON.stringify([one.alias, one.thread]);
    if (!lanes.has(key)) lanes.set(key, { alias: one.alias, thread: one.thread || "unknown thread", items: [] });
    lanes.get(key).items.push(one);
  }
  return [...lanes.values()].sort((one, other) => other.items.some(isLeft) - one.items.some(isLeft) || one.items[0].opened - other.items[0].opened);
}

function connectionLegend(connections, left) {
  const owners = new Set(connections.map(ownerOf));
  return h("ul", { class: "legend", "aria-label": "Colours" },
    Object.entries(OWNERS).filter(([owner]) => owners.has(owner)).map(([, [kind, text]]) => h("li", { class: `k-${kind}` }, text)),
    left ? h("li", { class: "edged" }, "never closed") : null);
}

const durationText = (seconds) => (seconds >= 1 ? `${formats[1].format(seconds)} s` : `${milliseconds(1000 * seconds)} ms`);

function connectionAxis(range) {
  const seconds = range[1] >= 2e6;
  const text = (us, step) => (seconds ? `${(us / 1e6).toLocaleString("en", { maximumFractionDigits: step < 1e6 ? 1 : 0 })} s` : stepText(us, step));
  const marks = ticks(range, Math.min(innerWidth, 900) * 0.7).filter(([us]) => us <= range[1] * 0.96);
  return h("div", { class: "lane axis", "aria-hidden": "true" }, h("span", { class: "name" }),
    h("div", { class: "track" }, marks.map(([us, step]) => h("span", { class: "tick", style: { left: `${(100 * us) / range[1]}%` } }, text(us, step)))));
}

function connectionLane({ alias, thread, items }, from, to) {
  const share = (seconds) => `${(100 * seconds) / (to - from)}%`;
  const left = items.filter(isLeft).length;
  const bars = items.map((one) => {
    const end = isOpen(one) ? to : one.closed;
    return h("i", {
      class: `bar k-${OWNERS[ownerOf(one)][0]}${isLeft(one) ? " failed" : ""}`, style: { left: share(one.opened - from), width: share(end - one.opened), "min-width": "3px" },
      onpointerover: (event) => showTip(event.currentTarget, connectionTip(one)),
    });
  });
  const told = `${several(items.length, "connection")}${left ? `, ${number(left)} never closed` : ""}`;
  return h("div", { class: "lane", role: "group", "aria-label": `${alias} on ${thread}: ${told}` },
    h("span", { class: "name", title: `${alias} on thread ${thread}` }, h("b", {}, alias), h("small", {}, thread)), h("div", { class: "track" }, unseen(told), bars));
}

function connectionTip(one) {
  const end = isOpen(one) ? "never closed" : `closed after ${durationText(one.closed - one.opened)}${one.closed_line ? ` at ${one.closed_line}` : ""}`;
  return [
    h("b", {}, [one.alias, one.vendor, one.from_pool ? "from a pool" : null].filter(Boolean).join(" · ")), h("span", {}, OWNERS[ownerOf(one)][1]),
    h("span", {}, `opened at ${one.line || "no line of yours"}${one.test ? ` in ${namesOf(one.test)[1]}` : ""}`), h("span", {}, end),
    one.in_transaction ? h("span", { class: "bad" }, "in a transaction") : null,
  ];
}
