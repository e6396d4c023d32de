"use strict";
// Draws quality against speed, sorts the table of figures, lists tasks, and opens attempts. Texts are hostile: they
// only ever become text nodes.
const data = JSON.parse(document.getElementById("data").textContent);
const MARKS = { solved: "✓", failed: "✕", timeout: "◷", error: "!", not_run: "·" };
const WORDS = { solved: "Solved", failed: "Not solved", timeout: "Out of time", error: "Broken", not_run: "Not run" };

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "onclick") made.addEventListener("click", value);
    else if (value !== null) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

// A name that is cut loses its middle: what tells sizes and quantizations apart stands at its end.
function nameOf(model) {
  const parts = [element("span", {}, model.short.slice(0, -7)), element("span", {}, model.short.slice(-7))];
  return element("span", { class: "name", title: model.label }, ...parts);
}

function drawn(name, attributes, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  return made;
}

// -- quality against speed ------------------------------------------------------------------------------------------

function drawScatter(box) {
  const models = data.groups[box.dataset.scatter].models.filter((model) => !model.played);
  const timed = models.filter((model) => model.time > 0);
  box.replaceChildren();
  const width = box.clientWidth;
  if (timed.length && width) {
    const [svg, nameless] = scatter(timed, width);
    box.append(svg);
    const names = nameless.map((model) => `${model.short} (${model.text}, ${model.timeText} s)`);
    if (names.length) box.append(element("p", { class: "untimed" }, `No room for the names of ${names.join(", ")}`));
  }
  const others = models.filter((model) => !(model.time > 0)).map((model) => `${model.label} ${model.text}`);
  if (others.length) box.append(element("p", { class: "untimed" }, `Speed not known: ${others.join(", ")}`));
}

function scatter(models, width) {
  const height = width < 600 ? 340 : 430;
  const frame = { left: 46, right: width - 12, top: 14, bottom: height - 46 };
  const [x, ticks] = timeScale(models, frame);
  const y = (share) => frame.bottom - share * (frame.bottom - frame.top);
  const svg = drawn("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img" });
  const names = models.map((model) => `${model.label}: ${model.text} solved, ${model.timeText} s`);
  svg.setAttribute("aria-label", `Solved against time to answer. ${names.join("; ")}`);
  drawAxes(svg, frame, x, y, ticks);
  const points = models.map((model) => ({
    model, x: x(model.time), y: y(model.solved), front: !models.some((other) => dominates(other, model)),
    left: x(model.quick), right: x(model.slow), low: y(model.low), high: y(model.high),
  }));
  points.sort((a, b) => a.front - b.front);
  for (const point of points) svg.append(drawPoint(point));
  const nameless = placeLabels(svg, points, frame);
  return [svg, nameless];
}

function dominates(other, model) {
  const asGood = other.solved >= model.solved && other.time <= model.time;
  return asGood && (other.solved > model.solved || other.time < model.time);
}

function timeScale(models, frame) {
  let low = Math.min(...models.map((model) => model.quick || model.time)) / 1.15;
  let high = Math.max(...models.map((model) => model.slow || model.time)) * 1.15;
  if (high / low < 4) [low, high] = [Math.sqrt(low * high) / 2, Math.sqrt(low * high) * 2];
  const scale = (seconds) => frame.left + Math.log(seconds / low) / Math.log(high / low) * (frame.right - frame.left);
  const ticks = [];
  const steps = high / low > 300 ? [1] : high / low > 20 ? [1, 3] : high / low > 8 ? [1, 2, 5] : [1, 2, 3, 5, 7];
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power++) {
    for (const step of steps) {
      const tick = step * 10 ** power;
      if (tick >= low && tick <= high) ticks.push(Number(tick.toPrecision(1)));
    }
  }
  return [scale, ticks];
}

function drawAxes(svg, frame, x, y, ticks) {
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    svg.append(drawn("line", { class: "grid", x1: frame.left, x2: frame.right, y1: y(share), y2: y(share) }));
    svg.append(drawn("text", { x: frame.left - 8, y: y(share) + 4, "text-anchor": "end" }, `${share * 100} %`));
  }
  for (const tick of ticks) {
    svg.append(drawn("line", { class: "grid", x1: x(tick), x2: x(tick), y1: frame.top, y2: frame.bottom }));
    svg.append(drawn("text", { x: x(tick), y: frame.bottom + 18, "text-anchor": "middle" }, String(tick)));
  }
  const title = { x: frame.right, y: frame.bottom + 38, "text-anchor": "end" };
  svg.append(drawn("text", title, "time to answer, median, in seconds (logarithmic)"));
}

function drawPoint(point) {
  const group = drawn("g", { class: point.front ? "front" : "behind" });
  group.append(drawn("title", {}, `${point.model.label}: ${point.model.text} solved, ${point.model.timeText} s`));
  group.append(drawn("line", { class: "spread", x1: point.left, x2: point.right, y1: point.y, y2: point.y }));
  group.append(drawn("line", { class: "spread", x1: point.x, x2: point.x, y1: point.low, y2: point.high }));
  group.append(drawn("circle", { cx: point.x, cy: point.y, r: 5.5 }));
  return group;
}

// Each label goes to the nearest place where it covers no other label, no point and as little of the lines as can be.
// Who chooses first matters, so several orders are tried. Points whose label finds no place nearby are returned.
function placeLabels(svg, points, frame) {
  const lines = points.flatMap((point) => [
    { left: point.left, right: point.right, top: point.y - 2, bottom: point.y + 2 },
    { left: point.x - 2, right: point.x + 2, top: point.high, bottom: point.low },
  ]);
  document.body.append(svg); // texts can only be measured inside of a document
  for (const point of points) {
    point.text = drawn("text", { class: "label", "text-anchor": "middle" }, shorten(point.model.short, frame.right < 600 ? 22 : 32));
    svg.append(point.text);
    const size = point.text.getBBox();
    Object.assign(point, { halfWidth: size.width / 2 + 3, halfHeight: size.height / 2 + 1 });
  }
  svg.remove();
  const orders = [(a, b) => a.y - b.y, (a, b) => b.y - a.y, (a, b) => a.x - b.x, (a, b) => b.x - a.x];
  const layouts = orders.map((order) => layOut([...points].sort(order), frame, lines));
  const best = layouts.reduce((one, other) => (other.cost < one.cost ? other : one));
  for (const [point, place] of best.places) {
    if (!place) {
      point.text.remove();
      continue;
    }
    point.text.setAttribute("x", place.x);
    point.text.setAttribute("y", place.y + point.halfHeight * 0.5);
    if (place.distance > 26) svg.insertBefore(leader(point, place), svg.querySelector("g"));
  }
  return best.places.filter(([, place]) => !place).map(([point]) => point.model);
}

const FARTHEST = 75; // pixels from a point to its label
const NO_PLACE = 500;

function layOut(points, frame, lines) {
  const taken = points.map((point) => around(point.x, point.y, 8, 8));
  let cost = 0;
  const places = points.map((point) => {
    const place = bestPlace(point, frame, taken, lines);
    if (place) taken.push(place.box);
    cost += place ? place.cost : NO_PLACE;
    return [point, place];
  });
  return { places, cost };
}

function bestPlace(point, frame, taken, lines) {
  let best = null;
  for (let distance = 9; distance < FARTHEST; distance += 6) {
    for (let turn = 0; turn < 24; turn++) {
      const angle = (turn % 2 ? 1 : -1) * Math.ceil(turn / 2) * Math.PI / 12 - Math.PI / 8;
      const x = point.x + Math.cos(angle) * (distance + point.halfWidth);
      const y = point.y + Math.sin(angle) * (distance + point.halfHeight);
      const box = around(x, y, point.halfWidth, point.halfHeight);
      if (box.left < frame.left || box.right > frame.right + 10 || box.top < 0 || box.bottom > frame.bottom) continue;
      if (taken.some((other) => meet(box, other))) continue;
      const cost = distance + 30 * lines.filter((line) => meet(box, line)).length;
      if (!best || cost < best.cost) best = { x, y, box, cost, distance };
    }
  }
  return best;
}

function leader(point, place) {
  const x = Math.min(Math.max(point.x, place.box.left), place.box.right);
  const y = Math.min(Math.max(point.y, place.box.top), place.box.bottom);
  return drawn("line", { class: "lead", x1: point.x, y1: point.y, x2: x, y2: y });
}

const around = (x, y, width, height) => ({ left: x - width, right: x + width, top: y - height, bottom: y + height });
const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
const shorten = (text, most) => (text.length > most ? `${text.slice(0, most - 8)}…${text.slice(-7)}` : text);

// -- the table of figures -------------------------------------------------------------------------------------------

function makeSortable(table) {
  const heads = [...table.tHead.rows[table.tHead.rows.length - 1].cells];
  heads.forEach((head, index) => head.querySelector("button").addEventListener("click", () => {
    const first = head.dataset.sort === "high" ? "descending" : "ascending";
    const second = first === "ascending" ? "descending" : "ascending";
    const order = head.getAttribute("aria-sort") === first ? second : first;
    heads.forEach((each) => each.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", order);
    const rows = [...table.tBodies[0].rows];
    rows.sort((a, b) => compareCells(a.cells[index], b.cells[index], head.dataset.sort === "text", order));
    table.tBodies[0].append(...rows);
  }));
}

function compareCells(a, b, textual, order) {
  const [first, second] = [a.dataset.value, b.dataset.value];
  if (first === "" || second === "") return (first === "") - (second === ""); // what is not known comes last
  const sign = order === "ascending" ? 1 : -1;
  return sign * (textual ? first.localeCompare(second) : Number(first) - Number(second));
}

// -- tasks ----------------------------------------------------------------------------------------------------------

const MOST_LINES = 200;
const FILTERS = {
  "All": () => true,
  "Models differ": (outcomes) => new Set(outcomes.filter((each) => each !== "not_run")).size > 1,
  "Solved by none": (outcomes) => outcomes.every((each) => each !== "solved" && each !== "mixed"),
};

function outcome(numbers) {
  const statuses = numbers.map((number) => data.attempts[number].status);
  const tried = statuses.filter((status) => status !== "not_run");
  if (!tried.length) return "not_run";
  const solved = tried.filter((status) => status === "solved").length;
  return solved === tried.length ? "solved" : solved ? "mixed" : tried[0];
}

function cellMark(numbers) {
  const solved = numbers.filter((number) => data.attempts[number].status === "solved").length;
  return numbers.length > 1 ? `${solved}/${numbers.length}` : MARKS[data.attempts[numbers[0]].status];
}

function makeMatrix(box) {
  const index = Number(box.dataset.matrix);
  const group = data.groups[index];
  const state = { filter: "All", text: "", lines: MOST_LINES };
  const count = element("output");
  const holder = element("div", { class: "wide" });
  const search = element("input", { type: "search", placeholder: "Find a task", "aria-label": "Find a task" });
  const show = () => {
    const wanted = group.tasks.map((_, task) => task).filter((task) => {
      const found = group.tasks[task].join(" ").toLowerCase().includes(state.text);
      return found && FILTERS[state.filter](group.cells[task].filter((cell) => cell.length).map(outcome));
    });
    holder.replaceChildren(matrixTable(index, wanted.slice(0, state.lines)));
    const left = wanted.length - state.lines;
    const more = () => { state.lines += 5 * MOST_LINES; show(); };
    if (left > 0) holder.append(element("button", { type: "button", class: "more", onclick: more }, `Show ${left} more`));
    count.textContent = `${wanted.length} of ${group.tasks.length} tasks`;
  };
  const buttons = Object.keys(FILTERS).map((name) => element("button", {
    type: "button", "aria-pressed": String(name === state.filter),
    onclick: (event) => {
      Object.assign(state, { filter: name, lines: MOST_LINES });
      buttons.forEach((button) => button.setAttribute("aria-pressed", String(button === event.currentTarget)));
      show();
    },
  }, name));
  search.addEventListener("input", () => {
    Object.assign(state, { text: search.value.trim().toLowerCase(), lines: MOST_LINES });
    show();
  });
  if (group.models.length < 2) buttons[1].hidden = true;
  box.replaceChildren(element("div", { class: "filters" }, ...buttons, search, count), holder);
  show();
}

function matrixTable(index, tasks) {
  const group = data.groups[index];
  const heads = group.models.map((model) => element("th", { scope: "col" }, nameOf(model)));
  const body = element("tbody");
  let family = null;
  for (const task of tasks) {
    const [name, of] = group.tasks[task];
    if (of !== family) {
      family = of;
      body.append(element("tr", { class: "family" }, element("th", { colspan: heads.length + 1, scope: "rowgroup" }, of)));
    }
    const cells = group.cells[task].map((numbers, model) => matrixCell(index, task, model, numbers));
    body.append(element("tr", {}, element("th", { scope: "row", title: name }, name), ...cells));
  }
  return element("table", {}, element("thead", {}, element("tr", {}, element("th"), ...heads)), body);
}

function matrixCell(index, task, model, numbers) {
  if (!numbers.length) return element("td");
  const name = `${data.groups[index].tasks[task][0]}, ${data.groups[index].models[model].label}: ${WORDS[outcome(numbers)] || "Sometimes solved"}`;
  const open = () => { location.hash = `attempt-${index}-${task}-${model}-0`; };
  const attributes = { type: "button", class: outcome(numbers), "aria-label": name, title: name, onclick: open };
  return element("td", {}, element("button", attributes, cellMark(numbers)));
}

// -- one attempt ----------------------------------------------------------------------------------------------------

const dialog = document.getElementById("attempt");
const ABOUT = { says: "the model", code: "code", output: "output", error: "error", figure: "figure", file: "file", answer: "answer" };

function readHash() {
  const match = /^#attempt-(\d+)-(\d+)-(\d+)-(\d+)$/.exec(location.hash);
  const place = match ? match.slice(1).map(Number) : null;
  const numbers = place && data.groups[place[0]]?.cells[place[1]]?.[place[2]];
  if (!numbers || numbers[place[3]] === undefined) return dialog.open && dialog.close();
  showGroup(place[0]);
  fillDialog(place, numbers);
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
}

// Shows another attempt, without a step more for the browser's way back.
function goTo(...place) {
  history.replaceState(null, "", `#attempt-${place.join("-")}`);
  readHash();
  dialog.querySelector("[aria-current=true]").focus(); // what had the focus is gone
}

function fillDialog([index, task, model, repeat], numbers) {
  const group = data.groups[index];
  const attempt = data.attempts[numbers[repeat]];
  const go = (m, r) => () => goTo(index, task, m, r);
  const others = group.models.map((each, m) => (group.cells[task][m].length ? element("button", {
    type: "button", class: outcome(group.cells[task][m]), "aria-current": String(m === model), onclick: go(m, 0),
  }, `${cellMark(group.cells[task][m])} ${each.short}`) : "")).filter(Boolean);
  const repeats = numbers.length < 2 ? [] : numbers.map((number, r) => element("button", {
    type: "button", class: data.attempts[number].status, "aria-current": String(r === repeat), onclick: go(model, r),
  }, `${MARKS[data.attempts[number].status]} attempt ${r + 1}`));
  const close = element("button", { type: "button", class: "close", "aria-label": "Close", onclick: () => dialog.close() }, "✕");
  const [name, family, difficulty] = group.tasks[task];
  const header = element("header", {}, element("h2", { id: "attempt-title" }, name), close, element("div", { class: "others" }, ...others));
  if (repeats.length) header.append(element("div", { class: "others" }, ...repeats));
  const facts = [family, difficulty, ...attempt.facts.map(([key, value]) => `${key} ${value}`)].filter(Boolean);
  const verdict = `${WORDS[attempt.status]}${attempt.reason ? `: ${attempt.reason}` : ""}`;
  const body = element("div", { class: "body" }, element("p", { class: "verdict" }, verdict));
  body.append(element("p", { class: "measures" }, facts.join(" · ")), ...attemptParts(attempt));
  body.append(element("p", { class: "keys" }, "Alt and an arrow key: another model, another task. Esc closes."));
  dialog.replaceChildren(header, body);
  dialog.dataset.place = [index, task, model, repeat].join("-");
}

function attemptParts(attempt) {
  if (!attempt.parts) {
    const where = attempt.file ? `The transcript is not in this page; it lies in ${attempt.file}` : "There is no transcript.";
    return [element("div", { class: "part note" }, element("p", {}, where))];
  }
  return attempt.parts.map(([kind, text, about]) => {
    const part = element("div", { class: `part ${kind}`, dir: "auto" });
    const title = [ABOUT[kind], about].filter(Boolean).join(" · ");
    if (title) part.append(element("h3", {}, title));
    if (kind === "figure") part.append(element("img", { src: text, alt: `figure ${about}` }));
    else part.append(element(["code", "output", "error"].includes(kind) ? "pre" : "p", {}, text));
    return part;
  });
}

dialog.addEventListener("close", () => {
  if (location.hash.startsWith("#attempt-")) history.replaceState(null, "", location.pathname + location.search);
});
dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
dialog.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
  if (!step || !event.altKey) return;
  event.preventDefault();
  const [index, task, model] = dialog.dataset.place.split("-").map(Number);
  const next = [task + step[0], model + step[1]];
  if (data.groups[index].cells[next[0]]?.[next[1]]?.length) goTo(index, ...next, 0);
});

// -- suites ---------------------------------------------------------------------------------------------------------

const tabs = [...document.querySelectorAll("[role=tab]")];

function showGroup(index) {
  if (!tabs.length) return;
  tabs.forEach((tab, number) => {
    tab.setAttribute("aria-selected", String(number === index));
    tab.tabIndex = number === index ? 0 : -1;
    document.getElementById(tab.getAttribute("aria-controls")).hidden = number !== index;
  });
  drawAll();
}

tabs.forEach((tab, index) => {
  tab.addEventListener("click", () => showGroup(index));
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    const next = (index + step + tabs.length) % tabs.length;
    showGroup(next);
    tabs[next].focus();
  });
});

function drawAll() {
  document.querySelectorAll("[data-scatter]").forEach(drawScatter);
}

document.querySelectorAll(".figures").forEach(makeSortable);
document.querySelectorAll("[data-matrix]").forEach(makeMatrix);
showGroup(0);
drawAll();
let drawnWidth = innerWidth;
addEventListener("resize", () => {
  if (innerWidth !== drawnWidth) { drawnWidth = innerWidth; drawAll(); }
});
addEventListener("hashchange", readHash);
readHash();
