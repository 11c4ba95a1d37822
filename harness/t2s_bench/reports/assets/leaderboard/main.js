/* Joins the sections: what each choice changes, and what a new width or theme redraws. */
function showAll() {
  showStandings();
  showCost();
  showCalibration();
  showHeatmap();
  showQuestions();
  showPublished();
  byId("footer").textContent = `${board().rules} · ${board().licence}${board().citation ? ` · ${board().citation}` : ""}`;
}

listeners.push((changes) => {
  if ("board" in changes) [view, order, wanted] = ["all", "benchmark", ""];
  if ("board" in changes) byId("find").value = "";
  showAll();
});

byId("benchmark").addEventListener("change", (event) => choose({ board: Number(event.target.value) }));
byId("metric").addEventListener("change", (event) => choose({ metric: Number(event.target.value) }));
byId("slice").addEventListener("change", (event) => choose({ slice: event.target.value }));
byId("systems").addEventListener("input", (event) => choose({ systems: event.target.value }));
byId("cost-kind").addEventListener("change", (event) => { costKind = event.target.value; showCost(); });
byId("agreement").addEventListener("change", (event) => { view = event.target.value; showQuestions(); });
byId("order").addEventListener("change", (event) => { order = event.target.value; showQuestions(); });
byId("find").addEventListener("input", (event) => { wanted = event.target.value; showQuestions(); });
byId("published-benchmark").addEventListener("change", (event) => { publishedBenchmark = event.target.value; showPublished(); });

let lastWidth = innerWidth;
addEventListener("resize", () => {
  if (innerWidth === lastWidth) return;
  lastWidth = innerWidth;
  showCost();
  drawMap();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawMap);
addEventListener("hashchange", () => { readAddress(); showChoices(); showAll(); });

readAddress();
showChoices();
showAll();
