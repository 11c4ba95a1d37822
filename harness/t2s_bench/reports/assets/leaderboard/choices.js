/* What is shown: benchmark, metric, slice and systems; kept in the address, so that it can be shared. */
const state = { board: 0, metric: 0, slice: "all", systems: "", sort: "score", down: true };
const listeners = [];

const board = () => DATA.boards[state.board];
const metric = () => board().metrics[state.metric].name;
const standingsOf = (slice = state.slice, of = metric()) => board().standings[of]?.[slice] ?? {};

/* A system's standing as named fields; null where it lacks the metric. */
function standing(name, slice = state.slice, of = metric()) {
  const found = standingsOf(slice, of)[name];
  if (!found) return null;
  const [questions, score, low, high, best, worst] = found;
  return { questions, score, low, high, best, worst };
}

/* The systems that pass the filter; ceilings always stay, they are what the others are read against. */
function shownSystems() {
  const words = state.systems.toLowerCase().split(/\s+/).filter(Boolean);
  return board().systems.filter((system) => {
    const text = `${system.name} ${system.system} ${system.off.map((name) => `-${name}`).join(" ")}`.toLowerCase();
    return system.ceiling || !words.length || words.some((word) => text.includes(word));
  });
}

function byScore(systems, slice = state.slice) {
  return [...systems].sort((a, b) => (standing(b.name, slice)?.score ?? -1) - (standing(a.name, slice)?.score ?? -1));
}

function choose(changes) {
  Object.assign(state, changes);
  if ("board" in changes) {
    state.metric = "metric" in changes ? changes.metric : 0;
    if (!board().slices.some((slice) => slice.name === state.slice)) state.slice = "all";
  }
  writeAddress();
  showChoices();
  for (const listener of listeners) listener(changes);
}

function writeAddress() {
  const words = new URLSearchParams();
  if (state.board) words.set("benchmark", board().title);
  if (state.metric) words.set("metric", metric());
  if (state.slice !== "all") words.set("with", state.slice);
  if (state.systems) words.set("systems", state.systems);
  const text = words.toString();
  history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
}

function readAddress() {
  const words = new URLSearchParams(location.hash.slice(1));
  const at = DATA.boards.findIndex((one) => one.title === words.get("benchmark"));
  state.board = Math.max(0, at >= 0 ? at : mostSystems());
  state.metric = Math.max(0, board().metrics.findIndex((one) => one.name === words.get("metric")));
  state.slice = board().slices.some((one) => one.name === words.get("with")) ? words.get("with") : "all";
  state.systems = words.get("systems") ?? "";
}

/* The board to begin with: the most systems, and among those the most questions. */
function mostSystems() {
  const size = (one) => one.systems.filter((system) => !system.ceiling).length + one.questions.ids.length / 1e9;
  return DATA.boards.reduce((best, one, place) => (size(one) > size(DATA.boards[best]) ? place : best), 0);
}

function option(value, text, chosen, properties = {}) {
  return h("option", { value, selected: chosen, ...properties }, text);
}

function showChoices() {
  fill(byId("benchmark"), DATA.boards.map((one, place) =>
    option(place, `${one.title} (${plural(one.systems.length, "system")})`, place === state.board)));
  fill(byId("metric"), board().metrics.map((one, place) => option(place, one.title, place === state.metric)));
  const groups = { all: "", difficulty: "Difficulty", feature: "The gold SQL uses" };
  fill(byId("slice"), Object.entries(groups).map(([kind, label]) => {
    const options = board().slices.filter((one) => one.kind === kind).map((one) =>
      option(one.name, `${one.name === "all" ? "anything" : one.name} (${count(one.questions)})`, one.name === state.slice));
    return label ? (options.length ? h("optgroup", { label }, options) : null) : options;
  }));
  if (document.activeElement !== byId("systems")) byId("systems").value = state.systems;
}
