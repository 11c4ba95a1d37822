/* What a row opens: the system against every other on the same questions, and what identifies the run. */
function details(system) {
  return h("div", { class: "details-grid" },
    h("div", {}, h("h3", {}, "Against the others"), headToHead(system)),
    h("div", {}, h("h3", {}, "The run"), identity(system)));
}

function headToHead(system) {
  const pairs = (board().pairs[metric()] ?? []).filter(([a, b]) => a === system.name || b === system.name);
  if (!pairs.length) {
    return h("p", { class: "soft small" }, system.ceiling ? "A ceiling is compared with nobody." : "There is no other system to compare with.");
  }
  const rows = pairs.map(([a, b, won, lost, difference, low, high, p]) => {
    // Pairs are stored as second minus first.
    const first = a === system.name;
    return first
      ? { other: b, won: lost, lost: won, difference: -difference, low: -high, high: -low, p }
      : { other: a, won, lost, difference, low, high, p };
  }).sort((a, b) => a.difference - b.difference);
  return [
    h("p", { class: "soft small" }, "Points more (+) or fewer (−) than the other on all questions; p by McNemar's exact test, adjusted for all pairs (Holm)."),
    h("div", { class: "scroll-x" }, h("table", { class: "pairs small" },
      h("thead", {}, h("tr", {}, ["Other system", "Difference", "95 % interval", "Won", "Lost", "p"].map((text, place) =>
        h("th", { scope: "col", class: `${place ? "figure" : ""}${place > 1 && place < 5 ? " wide" : ""}` }, text)))),
      h("tbody", {}, rows.map((row) => {
        const shown = row.p < 0.05;
        return h("tr", {},
          h("td", { class: "other" }, row.other),
          h("td", { class: `figure ${shown ? (row.difference > 0 ? "better" : "worse") : "soft"}` }, signed(row.difference),
            h("span", { class: "narrow soft interval" }, `${signed(row.low, 1)} to ${signed(row.high, 1)}`)),
          h("td", { class: "figure soft wide" }, `${signed(row.low, 1)} to ${signed(row.high, 1)}`),
          h("td", { class: "figure wide" }, count(row.won)), h("td", { class: "figure wide" }, count(row.lost)),
          h("td", { class: `figure ${shown ? "" : "soft"}` }, row.p < 0.001 ? "< 0.001" : row.p.toFixed(3)));
      }))))];
}

function signed(value, digits = 2) {
  const text = Math.abs(value).toFixed(digits);
  return Number(text) === 0 ? text : `${value > 0 ? "+" : "−"}${text}`;
}

function identity(system) {
  const options = Object.entries(system.options).map(([key, value]) => `${key} = ${typeof value === "string" ? value : JSON.stringify(value)}`);
  const { cost } = system;
  const facts = [
    ["Note", system.note],
    ["System", system.system],
    ["Switched off", system.off.join(", ")],
    ["Seed", system.seed === null ? "" : String(system.seed)],
    ["Options", options.join("\n")],
    ["Outcomes", board().outcomes.map((name, place) => [name, outcomeCounts(system)[place]]).filter(([, n]) => n).map(([name, n]) => `${name} ${count(n)}`).join(" · ")],
    ["Other metrics", board().metrics.filter((one) => one.name !== metric() && standing(system.name, state.slice, one.name))
      .map((one) => `${one.name} ${percent(standing(system.name, state.slice, one.name).score)}`).join(" · ")],
    ["Gold's own score", Object.entries(system.ceilings).map(([name, value]) => `${name} ${percent(value)}`).join(" · ")],
    ["Tokens", cost.prompt_tokens === null ? "unknown" : `${count(cost.prompt_tokens)} prompt, ${count(cost.completion_tokens)} completion`],
    ["Recorded", `${system.date} on ${Object.values(system.hardware).join(", ")}`],
    ["Versions", Object.entries(system.versions).map(([name, version]) => `${name} ${version}`).join(" · ")],
    ["Digests", `run ${system.run} · system ${system.digest.slice(0, 12)}`],
  ];
  return h("dl", { class: "facts small" }, facts.filter(([, text]) => text).flatMap(([name, text]) => [h("dt", {}, name), h("dd", {}, text)]));
}
