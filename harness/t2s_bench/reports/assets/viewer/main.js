/* Starts the page: heading, list, the question that the address names, keys. */
function showHeading() {
  byId("title").replaceChildren(...DATA.runs.flatMap((run, number) => [number ? h("span", { class: "soft" }, " and ") : "", run.label]));
  byId("summary").textContent = `${DATA.benchmark} · ${plural(DATA.questions, "question")}${DATA.runs.every((run) => run.done) ? "" : " so far"}`;
  const names = Object.keys(DATA.runs[0].metrics).filter((name) => DATA.runs.every((run) => name in run.metrics));
  fill(byId("scores"), names.map((name) => h("div", { class: "stat" }, h("span", { class: "soft small" }, name),
    DATA.runs.map((run) => h("span", { class: "stat-value", title: run.label }, percent(run.metrics[name]))))));
  if (pair) {
    const won = questions.filter((question) => change(question) === "won").length;
    const lost = questions.filter((question) => change(question) === "lost").length;
    byId("scores").append(h("div", { class: "stat" }, h("span", { class: "soft small" }, "won · lost"), h("span", { class: "stat-value" }, `+${won}`), h("span", { class: "stat-value" }, `−${lost}`)));
  }
}

function openFromAddress() {
  const id = decodeURIComponent(location.hash.slice(1));
  const question = id && questions.find((one) => one.id === id);
  if (!question) return false;
  if (!shown.includes(question)) resetFilters();
  open(shown.indexOf(question), { remember: false });
  return true;
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (event.key === "Escape") {
    if (event.target.id === "search" && event.target.value) resetFilters();
    else closeQuestion();
    return;
  }
  if (typing) {
    if (event.target.id === "search" && (event.key === "Enter" || event.key === "ArrowDown") && shown.length) {
      event.preventDefault();
      open(Math.max(chosen, 0));
      byId("list").focus();
    }
    return;
  }
  const inList = event.target.id === "list" || event.target === document.body;
  const steps = { j: 1, k: -1, ...(inList ? { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity } : {}) };
  if (event.key === "/") {
    event.preventDefault();
    byId("search").focus();
  } else if (event.key in steps) {
    event.preventDefault();
    step(steps[event.key]);
  } else if (event.key === "Enter" && inList && chosen >= 0) byId("question").focus();
}

async function start() {
  await loadList();
  showHeading();
  buildFilters();
  applyFilters();
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  let waiting = 0;
  byId("search").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(applyFilters, 120);
  });
  byId("reset").addEventListener("click", resetFilters);
  addEventListener("keydown", onKey);
  addEventListener("hashchange", openFromAddress);
  if (!openFromAddress()) {
    fill(byId("question"), h("p", { class: "empty" }, "Choose a question. j and k go through them, / searches."));
    // Beside the list there is room for a question at once.
    if (matchMedia("(min-width: 761px)").matches && shown.length) open(0, { remember: false });
  }
  document.body.dataset.ready = "true";
}

start();
