/* The list of questions and its filters. */
const ROW_HEIGHT = 58;
const filters = {};
let shown = [], chosen = -1, rows = null, needle = "";

const CHANGES = {
  differ: ["won or lost", (question) => isRight(question, 0) !== isRight(question, 1)],
  won: ["won: only the second is right", (question) => change(question) === "won"],
  lost: ["lost: only the first is right", (question) => change(question) === "lost"],
  right: ["both right", (question) => change(question) === "both right"],
  wrong: ["both wrong", (question) => change(question) === "both wrong"],
  sql: ["SQL differs", (question) => question.runs[0].sql !== question.runs[1].sql],
};

/* Every filter: its label, its values with what passes them. */
function filterKinds() {
  const kinds = [];
  if (pair) kinds.push({ key: "change", label: "Change", values: Object.entries(CHANGES).map(([key, [title, passes]]) => ({ key, title, passes })) });
  DATA.runs.forEach((run, number) => {
    const found = DATA.outcomes.filter((name) => questions.some((question) => question.runs[number].outcome === name));
    const values = found.map((name) => ({ key: name, title: name, passes: (question) => question.runs[number].outcome === name }));
    if (found.length > 2) values.push({ key: "lost", title: "all but match", passes: (question) => !isRight(question, number) });
    kinds.push({ key: `outcome${number}`, label: pair ? `Outcome of ${run.label}` : "Outcome", values });
  });
  kinds.push({ key: "database", label: "Database", values: DATA.databases.map((name, place) => ({ key: String(place), title: name, passes: (question) => question.database === place })) });
  const levels = [...new Set(questions.map((question) => question.level))].filter(Boolean);
  if (levels.length > 1) {
    const order = ["easy", "simple", "medium", "moderate", "hard", "challenging", "extra"];
    levels.sort((a, b) => order.indexOf(a) - order.indexOf(b));
    kinds.push({ key: "level", label: "Difficulty", values: levels.map((name) => ({ key: name, title: name, passes: (question) => question.level === name })) });
  }
  kinds.push({ key: "feature", label: "Gold uses", values: DATA.features.map((name, place) => ({ key: name, title: name, passes: (question) => question.features.includes(place) })) });
  return kinds.map((kind) => ({ ...kind, values: kind.values.filter((value) => questions.some(value.passes)) })).filter((kind) => kind.values.length > 1 || kind.key === "change");
}

let kinds = [];
function buildFilters() {
  kinds = filterKinds();
  for (const kind of kinds) filters[kind.key] = "";
  fill(byId("selects"), kinds.map((kind) => h("label", { class: "field" }, h("span", { class: "text" }, kind.label),
    h("select", { id: `filter-${kind.key}`, onchange: (event) => { filters[kind.key] = event.target.value; applyFilters(); } }))));
}

/* Each select counts what its values would show under all the other filters. */
function showFilters() {
  for (const kind of kinds) {
    const others = questions.filter((question) => passes(question, kind.key));
    const select = byId(`filter-${kind.key}`);
    fill(select, h("option", { value: "" }, `any (${count(others.length)})`), kind.values.map((value) =>
      h("option", { value: value.key, selected: filters[kind.key] === value.key }, `${value.title} (${count(others.filter(value.passes).length)})`)));
    select.classList.toggle("active", filters[kind.key] !== "");
  }
}

function passes(question, without = null) {
  for (const kind of kinds) {
    const key = filters[kind.key];
    if (kind.key === without || key === "") continue;
    if (!kind.values.find((value) => value.key === key)?.passes(question)) return false;
  }
  return !needle || haystack(question).includes(needle);
}

function haystack(question) {
  question.haystack ??= [question.id, question.text, DATA.databases[question.database], question.gold, ...question.runs.map((run) => run.sql)].join("\n").toLowerCase();
  return question.haystack;
}

function applyFilters() {
  needle = byId("search").value.trim().toLowerCase();
  const kept = shown[chosen];
  shown = questions.filter((question) => passes(question));
  chosen = shown.indexOf(kept);
  const all = shown.length === questions.length;
  byId("tally").textContent = all ? plural(shown.length, "question") : `${count(shown.length)} of ${plural(questions.length, "question")}`;
  byId("reset").classList.toggle("hidden", all);
  showFilters();
  if (!rows) rows = new VirtualList(byId("list"), ROW_HEIGHT, listRow);
  byId("list").querySelector(".empty")?.remove();
  if (!shown.length) byId("list").append(h("p", { class: "empty" }, "No question is like that."));
  rows.show(shown.length);
}

function resetFilters() {
  byId("search").value = "";
  for (const kind of kinds) filters[kind.key] = "";
  applyFilters();
  if (chosen >= 0) rows.reveal(chosen);
}

function listRow(index) {
  const question = shown[index];
  return h("div", { class: `row fade${index === chosen ? " chosen" : ""}`, role: "option", id: `row-${index}`, "aria-selected": String(index === chosen),
    onclick: () => { open(index); } },
    h("div", { class: "marks" }, question.runs.map((run, number) => h("span", { class: `mark ${run.outcome}`, title: pair ? `${DATA.runs[number].label}: ${run.outcome}` : run.outcome }, MARKS[run.outcome]))),
    h("div", { class: "row-text" },
      h("div", { class: "text", title: question.text }, question.text || "(no question)"),
      h("div", { class: "row-facts small soft" }, h("span", { class: "text mono id" }, question.id),
        h("span", { class: "text" }, ` · ${DATA.databases[question.database]}${question.level ? ` · ${question.level}` : ""}`),
        pair ? h("span", { class: `change ${change(question).replace(" ", "-")}` }, change(question)) : null)));
}

const MARKS = { match: "✓", mismatch: "✗", no_sql: "∅", pred_error: "!", pred_timeout: "…", gold_error: "g", gold_timeout: "g", refused: "⊘", infra: "?" };
