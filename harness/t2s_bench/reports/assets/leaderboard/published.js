/* Others' figures, one benchmark at a time, each with where it stands and how it was decoded. */
let publishedBenchmark = null;

function showPublished() {
  const { benchmarks, figures, sources, average, measured } = DATA.published;
  if (!figures.length) return void byId("published").classList.add("hidden");
  const keys = Object.keys(benchmarks).filter((key) => figures.some((figure) => key in figure.scores));
  const own = keys.find((key) => key === board().name);
  const chosen = publishedBenchmark ?? own ?? average;
  fill(byId("published-benchmark"), keys.map((key) => option(key, benchmarks[key].title, key === chosen)));
  const rows = figures.filter((figure) => chosen in figure.scores).sort((a, b) => b.scores[chosen] - a.scores[chosen]);
  const numbers = Object.keys(sources);
  const most = Math.max(...rows.map((figure) => figure.scores[chosen]));
  const metrics = new Set(rows.map((figure) => figure.metric));
  fill(byId("published-table"),
    h("p", { class: "small soft note" }, `${benchmarks[chosen].title}: ${benchmarks[chosen].split}.`,
      metrics.size === 1 ? ` Metric: ${rows[0].metric}.` : null),
    h("table", { class: "published" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "System"), h("th", { scope: "col", class: "figure" }, "Score"), h("th", { scope: "col", class: "wide" }, ""),
        h("th", { scope: "col", class: "wide" }, "Decoding"), metrics.size > 1 ? h("th", { scope: "col", class: "wide" }, "Metric") : null, h("th", { scope: "col", class: "figure" }, "Source"))),
      h("tbody", {}, rows.map((figure) => h("tr", {},
        h("td", {}, figure.system, h("span", { class: "narrow small soft" }, figure.decoding)),
        h("td", { class: "figure" }, figure.scores[chosen].toFixed(1)),
        h("td", { class: "wide bar-cell", "aria-hidden": true }, h("span", { class: "bar", style: { width: `${(100 * figure.scores[chosen]) / most}%` } })),
        h("td", { class: "small soft wide" }, figure.decoding),
        metrics.size > 1 ? h("td", { class: "small soft wide" }, figure.metric) : null,
        h("td", { class: "figure small", tip: `${sources[figure.source].title}${figure.note ? `\n${figure.note}` : ""}` }, `[${numbers.indexOf(figure.source) + 1}]`))))),
    chosen === average ? measuredSets(measured) : null,
    h("ol", { class: "sources small soft" }, numbers.map((key) => {
      const notes = [...new Set(figures.filter((figure) => figure.source === key && figure.note).map((figure) => figure.note))];
      return h("li", { class: rows.some((figure) => figure.source === key) ? null : "faint" },
        `${sources[key].title}, in ${sources[key].where}${notes.length ? ` (${notes.join("; ")})` : ""}`);
    })));
}

function measuredSets(measured) {
  const { six_sets: sets, benchmarks } = DATA.published;
  if (!measured.length) {
    return h("p", { class: "small soft note" }, "Measured here: no system has a record on any of these six benchmarks, complete, yet.");
  }
  return [h("h3", { class: "note" }, "Measured here"), h("div", { class: "scroll-x" }, h("table", {},
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "System"), sets.map((key) => h("th", { scope: "col", class: "figure" }, benchmarks[key].title)), h("th", { scope: "col", class: "figure" }, "Average"))),
    h("tbody", {}, measured.map((row) => h("tr", {}, h("td", {}, row.system), sets.map((key) => h("td", { class: "figure" }, percent(row.cells[key]))), h("td", { class: "figure" }, percent(row.average)))))))];
}
