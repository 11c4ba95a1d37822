/* The table of standings: rank interval, score on a common scale, outcomes, cost. */
const COLUMNS = [
  { key: "rank", title: "Rank", about: "Ranks taken in 95 % of 10,000 resamples of the questions" },
  { key: "name", title: "System", up: true },
  { key: "score", title: "Score" },
  { key: "interval", title: "95 % interval", wide: true, fixed: true },
  { key: "outcomes", title: "Outcomes", wide: true, fixed: true },
  { key: "tokens", title: "Tokens", wide: true, up: true, figure: true, about: "Prompt and completion tokens a question" },
  { key: "seconds", title: "Seconds", wide: true, up: true, figure: true, about: "Seconds to predict, a question, on the recording machine" },
  { key: "steps", title: "VM steps", wide: true, up: true, figure: true, about: "SQLite instructions to run the predicted SQL, a question" },
];

function sortValue(system) {
  const found = standing(system.name);
  switch (state.sort) {
    case "name": return system.name.toLowerCase();
    case "rank": return found?.best === null || !found ? null : found.best + found.worst / 1000;
    case "score": return found?.score ?? null;
    case "tokens": case "seconds": case "steps": return system.cost[state.sort];
    default: return standing(system.name, state.slice, state.sort)?.score ?? null;
  }
}

/* Ceilings stay on top, what has no value goes last; equal ones keep the order of scores. */
function sorted(systems) {
  const sign = state.down ? -1 : 1;
  return byScore(systems).sort((a, b) => {
    if (a.ceiling !== b.ceiling) return a.ceiling ? -1 : 1;
    const [x, y] = [sortValue(a), sortValue(b)];
    if (x === null || y === null) return (x === null) - (y === null);
    return sign * (typeof x === "string" ? x.localeCompare(y) : x - y);
  });
}

function columns() {
  const others = board().metrics.filter((one) => one.name !== metric()).map((one) =>
    ({ key: one.name, title: one.name, about: one.title, wide: true, figure: true, metric: true }));
  const shown = [...COLUMNS];
  shown.splice(4, 0, ...others);
  // A column in which no system has anything is left out.
  return shown.filter((one) => !(one.key in { tokens: 1, seconds: 1 }) ||
    board().systems.some((system) => !system.ceiling && system.cost[one.key] !== null));
}

function showStandings() {
  const systems = sorted(shownSystems());
  const ranked = board().systems.filter((one) => !one.ceiling && standing(one.name));
  const scale = scoreScale(systems);
  const listed = columns();
  const slice = board().slices.find((one) => one.name === state.slice);
  byId("about").textContent =
    `${board().title}: ${board().summary}` +
    (slice.name === "all" ? "" : `; shown: ${plural(slice.questions, "question")} with ${slice.name}`);
  const head = h("tr", {}, listed.map((column) => heading(column, scale)));
  const body = systems.flatMap((system) => rowsOf(system, listed, scale, ranked.length));
  fill(byId("standings"), body.length
    ? h("table", { class: "standings" }, h("thead", {}, head), h("tbody", {}, body))
    : h("p", { class: "empty" }, `No system's name has “${state.systems}” in it.`));
  fill(byId("legend"), legend(systems));
}

function heading(column, scale) {
  const chosen = state.sort === column.key;
  const classes = `${column.wide ? "wide " : ""}${column.figure ? "figure " : ""}col-${column.metric ? "metric" : column.key}`;
  if (column.key === "interval") {
    return h("th", { scope: "col", class: classes }, column.title, h("div", { class: "scale", "aria-hidden": true },
      scale.ticks.map((tick) => h("span", { style: { left: `${scale.at(tick)}%` } }, String(tick)))));
  }
  if (column.fixed) return h("th", { scope: "col", class: classes }, column.title);
  const turn = () => {
    state.down = chosen ? !state.down : !column.up;
    state.sort = column.key;
    showStandings();
    document.querySelector(`.standings button[data-sort="${CSS.escape(column.key)}"]`)?.focus();
  };
  return h("th", { scope: "col", class: classes, "aria-sort": chosen ? (state.down ? "descending" : "ascending") : "none" },
    h("button", { class: "plain sort", "data-sort": column.key, onclick: turn, tip: column.about ?? null },
      column.title, h("span", { class: "arrow", "aria-hidden": true }, chosen ? (state.down ? " ↓" : " ↑") : "")));
}

function scoreScale(systems) {
  const found = systems.map((system) => standing(system.name)).filter((one) => one && one.score !== null);
  const low = Math.min(...found.map((one) => one.low), 100);
  const start = Math.max(0, 10 * Math.floor((low - 1) / 10));
  return { start, ticks: ticks(start, 100), at: (score) => (100 * (Math.min(score, 100) - start)) / (100 - start) };
}

const openRows = new Set();

function rowsOf(system, listed, scale, rankedCount) {
  const key = `${state.board}/${system.name}`;
  const open = openRows.has(key);
  const found = standing(system.name);
  const toggle = () => {
    open ? openRows.delete(key) : openRows.add(key);
    showStandings();
    document.querySelector(`.standings button[data-system="${CSS.escape(system.name)}"]`)?.focus();
  };
  const row = h("tr", { class: system.ceiling ? "ceiling" : null },
    listed.map((column) => cell(column, system, found, scale, rankedCount, open, toggle)));
  return open ? [row, h("tr", { class: "details" }, h("td", { colspan: listed.length }, details(system)))] : [row];
}

function cell(column, system, found, scale, rankedCount, open, toggle) {
  const classes = `${column.wide ? "wide " : ""}${column.figure ? "figure " : ""}col-${column.metric ? "metric" : column.key}`;
  const td = (...children) => h("td", { class: classes }, children);
  switch (column.key) {
    case "rank": return td(rankMark(system, found, rankedCount));
    case "name": return td(systemName(system, open, toggle), h("div", { class: "narrow" }, forest(found, scale)));
    case "score": return td(h("span", { class: "score" }, percent(found?.score ?? null)),
      found && found.score !== null ? h("span", { class: "narrow small soft interval" }, intervalText(found)) : null);
    case "interval": return td(forest(found, scale));
    case "outcomes": return td(outcomeBar(system));
    case "tokens": case "seconds": case "steps":
      return td(column.key === "seconds" ? short(system.cost.seconds) : system.cost[column.key] === null ? "–" : compact(system.cost[column.key]));
    default: return td(percent(standing(system.name, state.slice, column.key)?.score ?? null));
  }
}

const intervalText = (found) => `${found.low.toFixed(1)}–${found.high.toFixed(1)}`;
const rankText = (found) => (found.best === found.worst ? `${found.best}` : `${found.best}–${found.worst}`);

function rankMark(system, found, total) {
  if (system.ceiling) return h("span", { class: "chip", tip: "It has seen the gold SQL: what a perfect system would score" }, "ceiling");
  if (!found) return "–";
  const width = 100 / total;
  return h("div", { class: "rank", tip: `Rank ${rankText(found)} of ${total} in 95 % of the resamples` },
    h("span", {}, rankText(found)),
    h("span", { class: "rank-track", "aria-hidden": true },
      h("span", { style: { left: `${(found.best - 1) * width}%`, width: `${(found.worst - found.best + 1) * width}%` } })));
}

function systemName(system, open, toggle) {
  const chips = [];
  if (system.elsewhere) chips.push(h("span", { class: "chip wide", tip: "A file of predictions was scored: what they cost is unknown" }, "predictions"));
  for (const name of system.off) chips.push(h("span", { class: "chip", tip: `Run with ${name} switched off` }, `− ${name}`));
  return h("span", { class: "system" },
    h("button", { class: "plain name", "aria-expanded": String(open), "data-system": system.name, onclick: toggle },
      h("span", { class: "twist", "aria-hidden": true }, open ? "▾" : "▸"), h("span", { class: "text" }, system.name)),
    chips);
}

/* A system's interval on the scale that all rows share. */
function forest(found, scale) {
  if (!found || found.score === null) return h("span", { class: "soft" }, "–");
  const low = scale.at(found.low), high = scale.at(found.high);
  return h("div", { class: "forest", tip: `${percent(found.score)} %, 95 % interval ${intervalText(found)}, over ${plural(found.questions, "question")}` },
    scale.ticks.map((tick) => h("span", { class: "tick", style: { left: `${scale.at(tick)}%` } })),
    h("span", { class: "span", style: { left: `${low}%`, width: `${high - low}%` } }),
    h("span", { class: "dot", style: { left: `${scale.at(found.score)}%` } }));
}

function outcomeCounts(system) {
  const inside = sliceMask(state.slice);
  const counts = board().outcomes.map(() => 0);
  for (let place = 0; place < system.outcomes.length; place++) if (inside[place]) counts[system.outcomes[place]]++;
  return counts;
}

function outcomeBar(system) {
  const counts = outcomeCounts(system);
  const total = counts.reduce((sum, one) => sum + one, 0) || 1;
  const lines = board().outcomes.map((name, place) => [name, counts[place]]).filter(([, number]) => number);
  return h("div", { class: "outcomes", role: "img", "aria-label": lines.map(([name, number]) => `${name} ${number}`).join(", "),
    tip: lines.map(([name, number]) => `${name}: ${count(number)}`).join("\n") },
    lines.map(([name, number]) => h("span", { class: name, style: { width: `${(100 * number) / total}%` } })));
}

function legend(systems) {
  const present = new Set(systems.flatMap((system) => outcomeCounts(system).map((number, place) => (number ? place : -1))));
  return board().outcomes.filter((_, place) => present.has(place)).map((name) =>
    h("span", { class: `key ${name}` }, h("span", { class: "swatch", "aria-hidden": true }), name));
}

/* Which questions are in a slice. */
const masks = new Map();
function sliceMask(name) {
  const key = `${state.board}/${name}`;
  if (!masks.has(key)) {
    const { ids, features, feature_names: names } = board().questions;
    const kind = board().slices.find((one) => one.name === name)?.kind;
    const levels = kind === "difficulty" ? unpackColumn(board().questions.difficulties) : null;
    const feature = names.indexOf(name);
    masks.set(key, ids.map((_, place) => kind === "all" || (levels ? levels[place] === name : features[place].includes(feature))));
  }
  return masks.get(key);
}
