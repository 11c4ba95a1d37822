/* Score against cost, one point a system, the cost on a logarithmic scale. */
const COSTS = {
  tokens: { title: "tokens a question", axis: "Prompt and completion tokens a question" },
  seconds: { title: "seconds a question", axis: "Seconds to predict a question" },
  steps: { title: "VM steps a question", axis: "SQLite instructions to run the predicted SQL, a question" },
};
let costKind = null;

function showCost() {
  const kinds = Object.keys(COSTS);
  const ranked = shownSystems().filter((system) => !system.ceiling && standing(system.name)?.score != null);
  const known = (kind) => ranked.filter((system) => system.cost[kind] > 0);
  const best = kinds.reduce((a, b) => (known(b).length > known(a).length ? b : a));
  const kind = costKind && known(costKind).length ? costKind : best;
  fill(byId("cost-kind"), kinds.map((one) => option(one, `Cost: ${COSTS[one].title}`, one === kind)));
  const points = known(kind);
  const missing = ranked.filter((system) => !(system.cost[kind] > 0)).map((system) => system.name);
  if (!points.length) {
    fill(byId("cost"), h("p", { class: "empty" }, "No system here has a recorded cost: predictions that were made elsewhere come without one."));
    return;
  }
  fill(byId("cost"), costPlot(points, kind), missing.length
    ? h("p", { class: "small soft note" }, `Cost not recorded: ${missing.join(", ")}.`) : null);
}

function costPlot(points, kind) {
  const width = Math.max(300, byId("cost").clientWidth || 560);
  const height = Math.round(Math.min(380, Math.max(280, width * 0.62)));
  const box = { left: 46, right: width - 14, top: 14, bottom: height - 44 };
  const costs = points.map((system) => system.cost[kind]);
  const [low, high] = [Math.min(...costs), Math.max(...costs)].map(Math.log10);
  const from = Math.floor((low - 0.08) * 4) / 4, to = Math.max(Math.ceil((high + 0.08) * 4) / 4, from + 0.5);
  const found = points.map((system) => standing(system.name));
  const start = Math.max(0, 5 * Math.floor((Math.min(...found.map((one) => one.low)) - 1) / 5));
  const end = Math.min(100, 5 * Math.ceil((Math.max(...found.map((one) => one.high)) + 1) / 5));
  const x = (cost) => box.left + ((Math.log10(cost) - from) / (to - from)) * (box.right - box.left);
  const y = (score) => box.bottom - ((score - start) / (end - start)) * (box.bottom - box.top);
  const plot = s("svg", { viewBox: `0 0 ${width} ${height}`, class: "plot", role: "img",
    "aria-label": `Score against ${COSTS[kind].title}` });
  for (const tick of ticks(start, end)) {
    plot.append(s("path", { class: "grid", d: `M${box.left} ${y(tick)}H${box.right}` }),
      s("text", { class: "axis", x: box.left - 8, y: y(tick) + 4, "text-anchor": "end" }, String(tick)));
  }
  for (const tick of logTicks(10 ** from, 10 ** to)) {
    plot.append(s("path", { class: "grid", d: `M${x(tick)} ${box.top}V${box.bottom}` }),
      s("text", { class: "axis", x: x(tick), y: box.bottom + 18, "text-anchor": "middle" }, compact(tick)));
  }
  plot.append(s("text", { class: "axis title", x: (box.left + box.right) / 2, y: height - 6, "text-anchor": "middle" }, COSTS[kind].axis));
  const taken = points.map((system, place) => ({ left: x(costs[place]) - 7, right: x(costs[place]) + 7, top: y(found[place].score) - 7, bottom: y(found[place].score) + 7 }));
  points.forEach((system, place) => {
    const at = { x: x(costs[place]), y: y(found[place].score) };
    const label = placeLabel(system.name, at, box, taken);
    plot.append(s("g", { class: "point", tabindex: 0, role: "img", "aria-label": pointText(system, found[place], kind),
      tip: pointText(system, found[place], kind) },
      s("path", { class: "whisker", d: `M${at.x} ${y(found[place].low)}V${y(found[place].high)}` }),
      s("circle", { cx: at.x, cy: at.y, r: 12, class: "target" }),
      s("circle", { cx: at.x, cy: at.y, r: 5 }),
      label ? s("text", { x: label.x, y: label.y, "text-anchor": label.anchor }, label.text) : null));
  });
  return plot;
}

const pointText = (system, found, kind) =>
  `${system.name}: ${percent(found.score)} % (${intervalText(found)})\n${compact(system.cost[kind])} ${COSTS[kind].title}`;

function ticks(start, end) {
  const step = [1, 2, 5, 10, 20].find((one) => (end - start) / one <= 6) ?? 25;
  const found = [];
  for (let tick = Math.ceil(start / step) * step; tick <= end; tick += step) found.push(tick);
  return found;
}

function logTicks(from, to) {
  const found = [];
  for (let power = Math.floor(Math.log10(from)); power <= Math.ceil(Math.log10(to)); power++) {
    for (const factor of [1, 2, 5]) {
      const tick = factor * 10 ** power;
      if (tick >= from && tick <= to) found.push(tick);
    }
  }
  return found.length > 7 ? found.filter((tick) => Number.isInteger(Math.log10(tick))) : found;
}

/* The first of several places beside a point where its name meets nothing else; none if all are taken. */
function placeLabel(text, at, box, taken) {
  const name = text.length > 26 ? `${text.slice(0, 25)}…` : text;
  const wide = 6.6 * name.length;
  const places = [
    { x: at.x + 10, y: at.y + 4, anchor: "start" }, { x: at.x - 10, y: at.y + 4, anchor: "end" },
    { x: at.x + 8, y: at.y - 10, anchor: "start" }, { x: at.x + 8, y: at.y + 18, anchor: "start" },
    { x: at.x - 8, y: at.y - 10, anchor: "end" }, { x: at.x - 8, y: at.y + 18, anchor: "end" },
    { x: at.x, y: at.y - 24, anchor: "middle" }, { x: at.x, y: at.y + 32, anchor: "middle" },
  ];
  for (const place of places) {
    const left = place.anchor === "start" ? place.x : place.anchor === "end" ? place.x - wide : place.x - wide / 2;
    const area = { left, right: left + wide, top: place.y - 12, bottom: place.y + 4 };
    const inside = area.left >= box.left && area.right <= box.right && area.top >= 0 && area.bottom <= box.bottom;
    const free = taken.every((one) => one.right < area.left || one.left > area.right || one.bottom < area.top || one.top > area.bottom);
    if (inside && free) {
      taken.push(area);
      return { ...place, text: name };
    }
  }
  return null;
}
