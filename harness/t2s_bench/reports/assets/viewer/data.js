/* The run's data: the columns of the list, and the parts of a question that are unpacked when it is opened. */
const pair = DATA.runs.length === 2;
let questions = [];

async function loadList() {
  const list = await part("list");
  const levels = unpackColumn(list.difficulties);
  const outcomes = list.runs.map((run) => unpackColumn(run.outcomes));
  questions = list.ids.map((id, place) => ({
    place, id,
    text: list.questions[place],
    database: list.databases[place],
    level: levels[place],
    features: list.features[place],
    gold: list.golds[place],
    runs: list.runs.map((run, number) => ({
      sql: run.sqls[place],
      outcome: outcomes[number][place],
      confidence: run.confidences[place],
    })),
  }));
}

async function loadQuestion(question) {
  const [details, schema] = await Promise.all([
    part(`questions-${Math.floor(question.place / DATA.part)}`),
    part(`schema-${question.database}`),
  ]);
  return { ...details[question.place % DATA.part], schema };
}

const isRight = (question, number) => question.runs[number].outcome === "match";

/* What became of a question from the first run to the second. */
function change(question) {
  const [before, after] = [isRight(question, 0), isRight(question, 1)];
  return before === after ? (after ? "both right" : "both wrong") : after ? "won" : "lost";
}
