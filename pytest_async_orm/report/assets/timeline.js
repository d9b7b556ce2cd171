// Queries over time, one lane for each task on each thread. What would be drawn over each other is one bar with a count.
const UNIT = 4, MOST_BARS = 2400, FEW_LANES = 16, NARROWEST = 5;

// Not by spreading: a list may be too long for arguments.
const least = (values) => values.reduce((one, other) => Math.min(one, other));
const most = (values) => values.reduce((one, other) => Math.max(one, other));

function lanesOf(test) {
  const starts = startsOf(test);
  const lanes = new Map();
  for (let index = 0; index < test.kept; index += 1) {
    const key = at(test, "lane", index);
    if (!lanes.has(key)) lanes.set(key, { thread: textOf(DATA.lanes[key][0]), task: textOf(DATA.lanes[key][1]), items: [] });
    lanes.get(key).items.push(index);
  }
  for (const lane of lanes.values()) lane.items.sort((one, other) => starts[one] - starts[other]);
  return [...lanes.values()].sort((one, other) => starts[one.items[0]] - starts[other.items[0]]);
}

// Steps of 1, 2 or 5, about one for every 110 pixels.
function ticks([from, to], width) {
  const least = ((to - from) * 110) / width;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= least);
  const found = [];
  for (let value = Math.max(0, Math.ceil(from / step) * step); value <= to; value += step) found.push(value);
  return found.map((value) => [value, step]);
}

const stepText = (us, step) => {
  const digits = Math.max(0, Math.ceil(-Math.log10(step / 1000)));
  return `${(us / 1000).toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits })} ms`;
};

function barsOf(test, lane, [from, to], width, unit) {
  const scale = width / (to - from), found = [], starts = startsOf(test);
  for (const index of lane.items) {
    const left = (starts[index] - from) * scale;
    const right = Math.max(left + unit, left + at(test, "duration", index) * scale);
    if (right < 0 || left > width) continue;
    const last = found.at(-1);
    if (last && left < last.left + unit) {
      last.items.push(index);
      last.right = Math.max(last.right, right);
    } else {
      if (last) last.right = Math.min(last.right, left);
      found.push({ left, right, items: [index] });
    }
  }
  return found;
}

// The kind of most of a bar's time.
function kindOf(test, items) {
  const spent = {};
  for (const index of items) spent[kindAt(test, index)] = (spent[kindAt(test, index)] || 0) + at(test, "duration", index) + 1;
  return Object.keys(spent).sort((one, other) => spent[other] - spent[one])[0];
}

class Timeline {
  constructor(test, open) {
    Object.assign(this, { test, open, lanes: lanesOf(test), all: false, selected: null, chosen: null });
    const starts = startsOf(test);
    let end = 1;
    for (let index = 0; index < test.kept; index += 1) end = Math.max(end, starts[index] + at(test, "duration", index));
    this.full = this.range = [-end * 0.01, end * 1.015];
    this.tools = h("div", { class: "tools", role: "group", "aria-label": "Zoom" });
    this.plot = h("div", { class: "plot", role: "group", "aria-label": "Queries over time; arrow keys go from one to the next" });
    this.more = h("p", { class: "quiet" });
    this.element = h("section", { class: "timeline", "aria-labelledby": "timeline-head" },
      h("div", { class: "bar-head" }, h("h2", { id: "timeline-head" }, "Timeline"), this.legend(), this.tools), this.plot, this.more);
    this.plot.addEventListener("keydown", (event) => this.key(event));
    this.plot.addEventListener("pointerdown", (event) => this.drag(event));
    for (const name of ["pointerover", "focusin"]) this.plot.addEventListener(name, (event) => this.tip(event));
    for (const name of ["pointerleave", "focusout"]) this.plot.addEventListener(name, hideTip);
    new ResizeObserver(() => { if (this.plot.clientWidth !== this.drawn) this.draw(); }).observe(this.plot);
  }

  legend() {
    const kinds = new Set();
    for (let index = 0; index < this.test.kept; index += 1) kinds.add(kindAt(this.test, index));
    return h("ul", { class: "legend", "aria-label": "Colours" },
      KINDS.filter((kind) => kinds.has(kind)).map((kind) => h("li", { class: `k-${kind}` }, kind)));
  }

  draw() {
    this.drawn = this.plot.clientWidth;
    const shown = this.all ? this.lanes : this.lanes.slice(0, FEW_LANES);
    const probe = h("div", { class: "lane" }, h("span", { class: "name" }), h("div", { class: "track" }));
    this.plot.replaceChildren(probe);
    this.width = probe.lastChild.clientWidth || 1;
    const unit = Math.max(UNIT, (this.width * shown.length) / MOST_BARS);
    this.bars = shown.map((lane, place) => this.drawLane(lane, place, unit));
    const marks = ticks(this.range, this.width);
    const axis = h("div", { class: "lane axis", "aria-hidden": "true" }, h("span", { class: "name" }),
      h("div", { class: "track" }, marks.map(([value, step]) => this.put(h("span", { class: "tick" }, value > this.range[1] - step * 0.4 ? "" : stepText(value, step)), value))));
    this.plot.replaceChildren(axis, ...this.bars.map((lane) => lane.element));
    for (const lane of this.bars) lane.track.prepend(...marks.map(([value]) => this.put(h("i", { class: "grid" }), value)));
    const first = this.bars.flatMap((lane) => lane.bars)[0];
    if (first) first.element.tabIndex = 0;
    this.mark(this.selected);
    this.only(this.chosen);
    this.drawTools();
    const hidden = this.lanes.length - shown.length;
    this.more.replaceChildren(...(hidden ? [toggle(`Show all ${number(this.lanes.length)} lanes`, false, () => { this.all = true; this.draw(); })] : []));
  }

  put(element, us) {
    element.style.left = `${((us - this.range[0]) / (this.range[1] - this.range[0])) * 100}%`;
    return element;
  }

  drawLane(lane, place, unit) {
    const bars = barsOf(this.test, lane, this.range, this.width, unit);
    const track = h("div", { class: "track" });
    bars.forEach((bar, order) => {
      const kind = kindOf(this.test, bar.items);
      const failed = bar.items.some((index) => at(this.test, "error", index) !== null);
      const stray = bar.items.some((index) => at(this.test, "flags", index) & UNATTRIBUTED);
      bar.element = h("button", {
        type: "button", tabindex: "-1", "data-place": `${place} ${order}`, "aria-describedby": "tip", "aria-label": this.label(bar),
        class: `bar k-${kind}${failed ? " failed" : ""}${stray ? " stray" : ""}${bar.items.length > 1 ? " many" : ""}`,
        style: { left: `${bar.left}px`, width: `${Math.max(3, bar.right - bar.left - 1)}px` },
        onclick: (event) => this.press(bar, event.detail === 0),
      });
      track.append(bar.element);
    });
    const name = h("span", { class: "name", title: `${lane.task ? `task ${lane.task}, ` : ""}thread ${lane.thread}` },
      h("b", {}, lane.task || lane.thread), lane.task ? h("small", {}, lane.thread) : null);
    return { bars, track, element: h("div", { class: "lane", role: "group", "aria-label": lane.task || lane.thread }, name, track) };
  }

  label({ items }) {
    if (items.length > 1) return `${queries(items.length)}, numbers ${least(items) + 1} to ${most(items) + 1}`;
    const query = queryAt(this.test, items[0]);
    return `Query ${query.index + 1}, ${query.kind}, ${milliseconds(query.ms)} ms, ${query.site || "no line of yours"}${query.error ? ", failed" : ""}`;
  }

  // Several queries in one bar come apart if there is more room for them.
  press({ items }, byKey) {
    const starts = startsOf(this.test);
    const from = starts[items[0]], to = most(items.map((index) => starts[index] + at(this.test, "duration", index)));
    if (items.length === 1 || to - from < NARROWEST || to - from > 0.8 * (this.range[1] - this.range[0])) return this.open(items[0], byKey);
    hideTip();
    this.zoom([from - (to - from) * 0.05, to + (to - from) * 0.05]);
    const inside = this.bars.flatMap((lane) => lane.bars).find((bar) => bar.items.includes(items[0]));
    if (inside) this.focus(inside);
  }

  zoom([from, to]) {
    const length = Math.min(Math.max(to - from, NARROWEST), this.full[1] - this.full[0]);
    const start = Math.min(Math.max(from, this.full[0]), this.full[1] - length);
    this.range = [start, start + length];
    this.draw();
  }

  by(factor, shift = 0) {
    const [from, to] = this.range, middle = (from + to) / 2 + shift * (to - from), half = ((to - from) * factor) / 2;
    this.zoom([middle - half, middle + half]);
  }

  drawTools() {
    const whole = this.range[1] - this.range[0] >= 0.999 * (this.full[1] - this.full[0]);
    const tool = (text, label, act, off) => h("button", { type: "button", "aria-label": label, title: label, disabled: off, onclick: act }, text);
    const focused = [...this.tools.children].indexOf(document.activeElement);
    this.tools.replaceChildren(
      tool("←", "Earlier", () => this.by(1, -0.5), whole), tool("→", "Later", () => this.by(1, 0.5), whole),
      tool("−", "Zoom out", () => this.by(2), whole), tool("+", "Zoom in", () => this.by(0.5)), tool("All", "Show all", () => this.zoom(this.full), whole));
    if (focused >= 0) (this.tools.children[focused].disabled ? this.tools.children[3] : this.tools.children[focused]).focus();
  }

  mark(index) {
    this.selected = index;
    for (const bar of (this.bars || []).flatMap((lane) => lane.bars)) {
      bar.element.toggleAttribute("data-selected", index !== null && bar.items.includes(index));
    }
  }

  // What the table's filters leave stands out.
  only(chosen) {
    this.chosen = chosen;
    for (const bar of (this.bars || []).flatMap((lane) => lane.bars)) {
      bar.element.classList.toggle("apart", chosen !== null && !bar.items.some((index) => chosen.has(index)));
    }
  }

  focus(bar) {
    for (const one of this.plot.querySelectorAll(".bar[tabindex='0']")) one.tabIndex = -1;
    bar.element.tabIndex = 0;
    bar.element.focus({ preventScroll: false });
  }

  barAt(element) {
    const [lane, order] = (element.dataset?.place || "").split(" ").map(Number);
    return this.bars[lane]?.bars[order] && { lane, order, bar: this.bars[lane].bars[order] };
  }

  key(event) {
    const where = this.barAt(event.target);
    if (!where || event.ctrlKey || event.metaKey || event.altKey) return;
    const { lane, order, bar } = where, row = this.bars[lane].bars;
    const near = (other) => [...(this.bars[other]?.bars || [])].sort((one, two) => Math.abs(one.left - bar.left) - Math.abs(two.left - bar.left))[0];
    const beyond = (step) => { for (let next = lane + step; this.bars[next]; next += step) if (near(next)) return near(next); return null; };
    const next = { ArrowRight: () => row[order + 1], ArrowLeft: () => row[order - 1], ArrowDown: () => beyond(1), ArrowUp: () => beyond(-1), Home: () => row[0], End: () => row.at(-1) }[event.key];
    const act = { "+": () => this.by(0.5), "-": () => this.by(2), 0: () => this.zoom(this.full) }[event.key];
    if (!next && !act) return;
    event.preventDefault();
    if (next) return next() && this.focus(next());
    act();
    const same = this.bars.flatMap((one) => one.bars).find((one) => one.items.includes(bar.items[0])) || this.bars.flatMap((one) => one.bars)[0];
    if (same) this.focus(same);
  }

  // A span drawn with the mouse is shown alone. A finger scrolls the page.
  drag(event) {
    const track = event.target.closest(".track");
    if (!track || event.target.closest(".bar") || event.pointerType === "touch" || event.button) return;
    const box = track.getBoundingClientRect(), from = event.clientX - box.left;
    const span = h("i", { class: "span" });
    let to = from;
    const move = (moved) => {
      to = Math.min(Math.max(moved.clientX - box.left, 0), box.width);
      span.style.left = `${Math.min(from, to)}px`;
      span.style.width = `${Math.abs(to - from)}px`;
    };
    const end = () => {
      removeEventListener("pointermove", move);
      span.remove();
      const us = (pixels) => this.range[0] + (pixels / box.width) * (this.range[1] - this.range[0]);
      if (Math.abs(to - from) > 4) this.zoom([us(Math.min(from, to)), us(Math.max(from, to))]);
    };
    track.append(span);
    addEventListener("pointermove", move);
    addEventListener("pointerup", end, { once: true });
    event.preventDefault();
  }

  tip(event) {
    const where = this.barAt(event.target);
    if (!where) return hideTip();
    const { items, element } = where.bar;
    const first = queryAt(this.test, items[0]);
    const rows = first.rows === null ? "" : ` · ${several(first.rows, "row")}`;
    const ms = items.reduce((sum, index) => sum + durationAt(this.test, index), 0);
    showTip(element, items.length > 1 ? [
      h("b", {}, `${queries(items.length)} · ${milliseconds(ms)} ms`), h("span", {}, "Press to look closer; the first:"), h("code", {}, brief(first.sql)),
    ] : [
      h("b", {}, `${first.index + 1} · ${first.kind} · ${milliseconds(ms)} ms${rows}`), h("span", {}, first.site || "no line of yours"),
      h("code", {}, brief(first.sql)), first.error ? h("span", { class: "bad" }, first.error) : null,
    ]);
  }
}

function showTip(near, children) {
  const tip = $("tip"), box = near.getBoundingClientRect();
  tip.replaceChildren(...children.filter(Boolean));
  tip.hidden = false;
  const left = Math.min(Math.max(8, box.left - 8), document.documentElement.clientWidth - tip.offsetWidth - 8);
  const below = box.bottom + tip.offsetHeight + 12 < innerHeight;
  tip.style.left = `${left}px`;
  tip.style.top = `${below ? box.bottom + 8 : box.top - tip.offsetHeight - 8}px`;
}

function hideTip() { $("tip").hidden = true; }
