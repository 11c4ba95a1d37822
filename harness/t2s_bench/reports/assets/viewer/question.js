/* One question: what was asked, both answers with their differences, results, schema, trace. */
let opening = 0;

async function open(index, { focus = false, remember = true } = {}) {
  const question = shown[index];
  const turn = ++opening;
  chosen = index;
  rows.redraw();
  rows.reveal(index);
  byId("list").setAttribute("aria-activedescendant", `row-${index}`);
  document.body.classList.add("reading");
  if (remember) history.replaceState(null, "", `#${encodeURIComponent(question.id)}`);
  const details = await loadQuestion(question);
  if (turn !== opening) return;
  document.title = `${question.id} · ${DATA.runs.map((run) => run.label).join(" and ")}`;
  fill(byId("question"), ...questionParts(question, details));
  byId("question").scrollTop = 0;
  if (focus) byId("question").focus();
}

function questionParts(question, details) {
  return [
    h("nav", { class: "question-nav no-print", "aria-label": "Questions" },
      h("button", { class: "control back", type: "button", onclick: closeQuestion }, "← List"),
      h("span", { class: "spacer" }),
      h("button", { class: "control", type: "button", title: "Previous (k)", disabled: chosen <= 0, onclick: () => step(-1) }, "↑ Previous"),
      h("button", { class: "control", type: "button", title: "Next (j)", disabled: chosen >= shown.length - 1, onclick: () => step(1) }, "↓ Next")),
    h("header", { class: "question-head" },
      h("p", { class: "small soft" }, h("a", { href: `#${encodeURIComponent(question.id)}`, class: "mono" }, question.id), ` · database ${DATA.databases[question.database]}`, question.level ? ` · ${question.level}` : null),
      h("h2", {}, question.text || "(no question)"),
      details.evidence ? h("p", { class: "evidence" }, h("span", { class: "soft" }, "Evidence: "), details.evidence) : null,
      question.features.length ? h("p", { class: "chips" }, question.features.map((place) => h("span", { class: "chip" }, DATA.features[place]))) : null),
    section("SQL", sqlColumns(question, details)),
    details.golds.length ? section(`${plural(details.golds.length, "further accepted gold")}`, details.golds.map((sql) => sqlBlock(tokens(sql)))) : null,
    section("Results", h("div", { class: "sides", style: { "--sides": 1 + DATA.runs.length } },
      side("Gold", resultTable(details.gold_result, "gold")),
      question.runs.map((run, number) => side(DATA.runs[number].label, resultTable(details.runs[number].result, "prediction"))))),
    section("Schema", schemaPart(details.schema, [question.gold, ...question.runs.map((run) => run.sql)])),
    details.runs.map((run, number) => inner(run, pair ? `${DATA.runs[number].label}: ` : "")),
  ].flat().filter(Boolean);
}

const section = (title, ...children) => h("section", { class: "block" }, h("h3", {}, title), children);
const side = (title, ...children) => h("div", { class: "side-column" }, h("h4", {}, title), children);

function sqlColumns(question, details) {
  const gold = tokens(question.gold);
  const compared = question.runs.map((run) => {
    const listed = tokens(run.sql);
    return { listed, marks: run.sql ? onlyIn(gold, listed) : [new Set(), new Set()] };
  });
  // In the gold, what at least one run lacks.
  const lacking = new Set(compared.flatMap(({ marks }) => [...marks[0]]));
  const marked = lacking.size || compared.some(({ marks }) => marks[1].size);
  return [
    h("div", { class: "sides", style: { "--sides": 1 + DATA.runs.length } },
      h("div", { class: "side-column" }, h("h4", {}, "Gold", copyButton(question.gold)), sqlBlock(gold, lacking, "only-gold")),
      question.runs.map((run, number) => h("div", { class: "side-column" },
        h("h4", {}, DATA.runs[number].label, run.sql ? copyButton(run.sql) : null),
        run.sql ? sqlBlock(compared[number].listed, compared[number].marks[1], "only-run") : h("p", { class: "empty small" }, "No SQL."),
        verdict(run, details.runs[number])))),
    marked ? h("p", { class: "small soft marks-legend" }, h("span", { class: "only-gold" }, pair ? "in the gold, lacking in a prediction" : "only in the gold"), " ", h("span", { class: "only-run" }, "only in the prediction")) : null,
  ];
}

function verdict(run, details) {
  const facts = Object.entries(details.metrics).map(([name, value]) => `${name} ${value === null ? "–" : short(value)}`);
  if (run.confidence !== null) facts.push(`confidence ${(100 * run.confidence).toFixed(0)} %`);
  if (details.prompt_tokens + details.completion_tokens) facts.push(`${count(details.prompt_tokens)} + ${count(details.completion_tokens)} tokens`);
  if (details.seconds) facts.push(`${short(details.seconds)} s`);
  // Steps are counted by the thousand: what takes fewer shows as none.
  if (details.result.steps) facts.push(`${compact(details.result.steps)} VM steps`);
  return h("div", { class: "verdict" },
    h("p", {}, h("span", { class: `outcome ${run.outcome}` }, run.outcome), ` ${details.result.reason ?? ""}`),
    h("p", { class: "small soft" }, facts.join(" · ")));
}

/* What a run tells of how it came to its answer. */
function inner(run, label) {
  const found = [];
  if (run.candidates.length) {
    found.push(section(`${label}Candidates`, h("ol", { class: "candidates" }, run.candidates.map(([sql, score]) =>
      h("li", {}, h("span", { class: "figure soft" }, typeof score === "number" ? short(score) : String(score)), sqlBlock(tokens(sql)))))));
  }
  if (Object.keys(run.trace).length) found.push(section(`${label}Trace`, jsonTree(run.trace)));
  return found;
}

function step(by) {
  const index = Math.min(shown.length - 1, Math.max(0, chosen + by));
  if (shown.length && index !== chosen) open(index);
}

function closeQuestion() {
  document.body.classList.remove("reading");
  byId("list").focus();
}
