/* System × difficulty and SQL feature: the score of every slice, coloured from the lowest to the highest. */
function showHeatmap() {
  const slices = board().slices;
  const systems = byScore(shownSystems().filter((system) => !system.ceiling && standing(system.name, "all")), "all");
  if (slices.length < 2 || !systems.length) {
    fill(byId("heatmap"), h("p", { class: "empty" }, systems.length ? "The gold SQL of this benchmark shows no feature often enough." : "No system to show."));
    return;
  }
  const scores = systems.flatMap((system) => slices.map((slice) => standing(system.name, slice.name)?.score)).filter((score) => score != null);
  const [low, high] = [Math.min(...scores), Math.max(...scores)];
  const head = h("tr", {}, h("th", { scope: "col", class: "corner" }, "System"), slices.map((slice) =>
    h("th", { scope: "col", class: slice.name === state.slice ? "chosen" : null },
      h("button", { class: "plain", onclick: () => choose({ slice: slice.name }), "aria-pressed": String(slice.name === state.slice),
        tip: `${plural(slice.questions, "question")}${slice.kind === "feature" ? ` whose gold uses ${slice.name}` : ""}` },
        h("span", { class: "slice-name" }, slice.name), h("span", { class: "slice-size" }, count(slice.questions))))));
  const body = systems.map((system) => h("tr", {}, h("th", { scope: "row" }, h("span", { class: "text", tip: system.name }, system.name)),
    slices.map((slice) => heatCell(system, slice, low, high))));
  fill(byId("heatmap"),
    h("div", { class: "scroll-x", tabindex: 0, role: "region", "aria-label": "Scores by slice" }, h("table", { class: "heat", style: { "--slices": slices.length } }, h("thead", {}, head), h("tbody", {}, body))),
    h("p", { class: "legend small soft" }, h("span", {}, `${low.toFixed(0)} %`), h("span", { class: "ramp", "aria-hidden": true }), h("span", {}, `${high.toFixed(0)} %`)));
}

function heatCell(system, slice, low, high) {
  const found = standing(system.name, slice.name);
  if (!found || found.score === null) return h("td", { class: "none" }, "–");
  const share = high > low ? (found.score - low) / (high - low) : 1;
  return h("td", { class: share > 0.8 ? "deep deeper" : share > 0.58 ? "deep" : null, style: { "--share": `${Math.round(8 + 92 * share)}%` },
    tip: `${system.name}, ${slice.name}: ${percent(found.score)} %\n95 % interval ${intervalText(found)}, ${plural(found.questions, "question")}\nrank ${rankText(found)}` },
    found.score.toFixed(0));
}
