/* Every question's outcome per system: a map of all at once, and a list to search. */
const ROW = 30;
const VIEWS = {
  all: ["all questions", () => true],
  split: ["systems disagree", (right, total) => right > 0 && right < total],
  none: ["nobody is right", (right) => right === 0],
  every: ["everybody is right", (right, total) => right === total],
  one: ["exactly one is right", (right) => right === 1],
  butOne: ["all but one are right", (right, total) => right === total - 1 && total > 1],
};
let view = "all", order = "benchmark", wanted = "", listed = [], questionSystems = [], questionList = null;

function showQuestions() {
  questionSystems = byScore(shownSystems().filter((system) => !system.ceiling), "all");
  const { ids, databases, difficulties } = board().questions;
  const names = unpackColumn(databases), levels = unpackColumn(difficulties), inside = sliceMask(state.slice);
  const total = questionSystems.length;
  const rights = ids.map((_, place) => questionSystems.reduce((sum, system) => sum + (system.outcomes[place] === "0"), 0));
  const singles = total > 1 ? questionSystems.flatMap((system, number) => [[`only-${number}`, `only ${system.name} is right`], [`not-${number}`, `only ${system.name} is wrong`]]) : [];
  const passes = (place) => {
    const [kind, number] = view.split("-");
    if (number === undefined) return VIEWS[kind][1](rights[place], total);
    const system = questionSystems[Number(number)];
    if (!system) return true;
    const right = system.outcomes[place] === "0";
    return kind === "only" ? right && rights[place] === 1 : !right && rights[place] === total - 1;
  };
  const text = wanted.toLowerCase().trim();
  listed = ids.map((id, place) => ({ id, place, database: names[place], level: levels[place], right: rights[place] })).filter((one) =>
    inside[one.place] && passes(one.place) && (!text || one.id.toLowerCase() === text || one.database.toLowerCase().includes(text) || (text.length > 1 && one.id.toLowerCase().includes(text))));
  if (order !== "benchmark") listed.sort((a, b) => (order === "hard" ? a.right - b.right : b.right - a.right) || a.place - b.place);
  fill(byId("agreement"), Object.entries(VIEWS).map(([key, [title]]) => option(key, title, key === view)), singles.length ? h("optgroup", { label: "One system" }, singles.map(([key, title]) => option(key, title, key === view))) : null);
  fill(byId("order"), [["benchmark", "as in the benchmark"], ["hard", "hardest first"], ["easy", "easiest first"]].map(([key, title]) => option(key, title, key === order)));
  byId("found").textContent = total ? plural(listed.length, "question") : "";
  byId("questions-about").textContent = total
    ? `How each of ${plural(total, "system")} answered: green is a match. The map shows all listed questions at once; press it to go there.` : "";
  drawQuestions();
  drawMap();
}

function drawQuestions() {
  if (!questionSystems.length || !listed.length) {
    questionList = null;
    fill(byId("questions"), h("p", { class: "empty" }, questionSystems.length ? "No question is like that." : "No system to show."));
    return;
  }
  const scroller = h("div", { class: "question-list", tabindex: 0, role: "region", "aria-label": "Questions and outcomes" });
  scroller.style.setProperty("--systems", questionSystems.length);
  scroller.classList.toggle("unlabelled", listed.every((one) => !one.level));
  scroller.append(h("div", { class: "question-head", "aria-hidden": true },
    h("span", { class: "id" }, "Question"), h("span", { class: "database" }, "Database"), h("span", { class: "level" }, "Difficulty"), h("span", { class: "features" }, "The gold uses"),
    questionSystems.map((system) => h("span", { class: "system-head", tip: system.name }, h("span", {}, system.name)))));
  fill(byId("questions"), scroller);
  questionList = new VirtualList(scroller, ROW, questionRow);
  questionList.show(listed.length);
}

function questionRow(index) {
  const { id, place, database, level, right } = listed[index];
  const cells = questionSystems.map((system) => {
    const outcome = board().outcomes[system.outcomes[place]];
    return h("span", { class: `cell ${outcome}`, tip: `${system.name}: ${outcome}` }, MARKS[outcome]);
  });
  return h("div", { class: "question-row", "aria-label": `Question ${id}, ${database}: ${right} of ${questionSystems.length} right` },
    h("span", { class: "id mono" }, id), h("span", { class: "database text" }, database), h("span", { class: "level soft" }, level || "–"),
    h("span", { class: "features text soft" }, features(place)), cells);
}

const MARKS = { match: "✓", mismatch: "✗", no_sql: "∅", pred_error: "!", pred_timeout: "…", gold_error: "g", gold_timeout: "g", refused: "⊘", infra: "?" };

function features(place) {
  const { features: found, feature_names: names } = board().questions;
  return found[place].map((number) => names[number]).join(", ");
}

/* One row a system, one column a question; where columns are narrower than a pixel, the share right. */
function drawMap() {
  const place = byId("map");
  if (!questionSystems.length || !listed.length) return void fill(place);
  const rowHeight = questionSystems.length > 12 ? 7 : 10;
  const canvas = h("canvas", { role: "img", "aria-label": `Outcomes of ${plural(listed.length, "question")}`, class: "map" });
  fill(place, canvas);
  const width = place.clientWidth, height = questionSystems.length * rowHeight;
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.height = `${height}px`;
  const tones = getComputedStyle(document.documentElement);
  const color = (name) => tones.getPropertyValue(name).trim();
  const byOutcome = { match: color("--right"), mismatch: color("--wrong"), no_sql: color("--absent"), pred_error: color("--error"), refused: color("--error"), pred_timeout: color("--late") };
  const brush = canvas.getContext("2d");
  questionSystems.forEach((system, row) => {
    const top = Math.round(row * rowHeight * ratio), tall = Math.max(1, Math.round((rowHeight - 1.5) * ratio));
    for (let column = 0; column < canvas.width; column++) {
      const from = Math.floor((column * listed.length) / canvas.width);
      const to = Math.max(from + 1, Math.floor(((column + 1) * listed.length) / canvas.width));
      const lost = listed.slice(from, to).find((one) => system.outcomes[one.place] !== "0");
      brush.fillStyle = byOutcome[board().outcomes[lost ? system.outcomes[lost.place] : "0"]] ?? color("--gold-side");
      brush.fillRect(column, top, 1, tall);
    }
  });
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    const index = Math.min(listed.length - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * listed.length)));
    const system = questionSystems[Math.min(questionSystems.length - 1, Math.max(0, Math.floor((event.clientY - box.top) / rowHeight)))];
    return { index, system };
  };
  canvas.addEventListener("pointermove", (event) => {
    const { index, system } = at(event);
    bubbleOwner = canvas;
    bubble.textContent = `${system.name}: ${board().outcomes[system.outcomes[listed[index].place]]}\nquestion ${listed[index].id}, ${listed[index].database}`;
    bubble.hidden = false;
    placeBubble(event.clientX, event.clientY);
  });
  canvas.addEventListener("pointerleave", hideBubble);
  canvas.addEventListener("click", (event) => {
    questionList?.reveal(Math.min(listed.length - 1, at(event).index + 6));
    questionList?.reveal(at(event).index);
  });
}
