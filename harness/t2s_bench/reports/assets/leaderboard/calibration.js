/* Reliability diagrams: mean confidence against share right, a dot a bin, its area the questions in it. */
let wasStacked = false;

function showCalibration() {
  const systems = shownSystems().filter((system) => system.calibration);
  // A few diagrams fit beside the cost; more get the page's whole width.
  const pair = byId("calibration").closest(".pair");
  if (pair.classList.toggle("stacked", systems.length > 4) !== wasStacked) {
    wasStacked = !wasStacked;
    showCost();
  }
  if (!systems.length) {
    fill(byId("calibration"), h("p", { class: "empty" }, "No system here has said how sure it was of its answers."));
    return;
  }
  fill(byId("calibration"), h("div", { class: "diagrams" }, systems.map(diagram)));
}

function diagram(system) {
  const size = 190, left = 30, top = 8, inner = size - left - 16;
  const x = (share) => left + inner * share, y = (share) => top + inner * (1 - share);
  const { bins, error, brier } = system.calibration;
  const most = Math.max(...bins.map((bin) => bin.questions));
  const plot = s("svg", { viewBox: `0 0 ${size} ${size - 4}`, class: "plot", role: "img",
    "aria-label": `${system.name}: expected calibration error ${error.toFixed(3)}` },
    [0, 0.5, 1].flatMap((tick) => [
      s("path", { class: "grid", d: `M${x(0)} ${y(tick)}H${x(1)}M${x(tick)} ${y(0)}V${y(1)}` }),
      s("text", { class: "axis", x: left - 6, y: y(tick) + 4, "text-anchor": "end" }, String(100 * tick)),
      s("text", { class: "axis", x: x(tick), y: y(0) + 16, "text-anchor": "middle" }, String(100 * tick)),
    ]),
    s("path", { class: "diagonal", d: `M${x(0)} ${y(0)}L${x(1)} ${y(1)}` }),
    s("path", { class: "gaps", d: bins.map((bin) => `M${x(bin.confidence)} ${y(bin.confidence)}V${y(bin.score)}`).join("") }),
    bins.map((bin) => s("circle", { class: "bin", cx: x(bin.confidence), cy: y(bin.score), r: 2 + 4.5 * Math.sqrt(bin.questions / most),
      tip: `${plural(bin.questions, "answer")} given with ${(100 * bin.confidence).toFixed(0)} % confidence\n${(100 * bin.score).toFixed(0)} % of them right` })));
  return h("figure", { class: "diagram" }, plot,
    h("figcaption", {}, h("span", { class: "text", tip: system.name }, system.name),
      h("span", { class: "small soft", tip: "Expected calibration error over 15 bins, and Brier score: 0 is perfect" }, `ECE ${error.toFixed(3)} · Brier ${brier.toFixed(3)}`)));
}
