/* Result tables: the first rows, rows that the other side lacks marked. */
function resultTable(result, label) {
  if (result.status === "none") return h("p", { class: "empty small" }, "There is no SQL to run.");
  if (result.status !== "ok") return h("p", { class: "failure small" }, h("b", {}, result.status), result.error ? `: ${result.error}` : "");
  const apart = new Set(result.apart ?? []);
  const cut = result.column_count - result.columns.length;
  const more = result.row_count - result.rows.length;
  const figures = result.columns.map((_, place) => result.rows.every((row) => row[place] === null || typeof row[place] === "number"));
  const notes = [`${plural(result.row_count, "row")}`];
  if (more > 0) notes.push(`first ${result.rows.length} shown`);
  if (cut > 0) notes.push(`${plural(cut, "column")} left out`);
  if (apart.size) notes.push(label === "gold" ? "marked rows are missing in a prediction" : "marked rows are not in the gold");
  return [
    result.columns.length ? h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `Result of the ${label}` },
      h("table", { class: "result small" },
        h("thead", {}, h("tr", {}, result.columns.map((name, place) => h("th", { scope: "col", class: figures[place] ? "figure" : null }, name)))),
        h("tbody", {}, result.rows.map((row, place) => h("tr", { class: apart.has(place) ? "apart" : null }, row.map((value, column) => resultCell(value, figures[column]))))))) : null,
    h("p", { class: "small soft" }, notes.join(" · ")),
  ];
}

function resultCell(value, figure) {
  if (value === null) return h("td", { class: figure ? "null figure" : "null" }, "NULL");
  return h("td", { class: figure ? "figure" : null }, value === "" ? h("span", { class: "null" }, "empty text") : String(value));
}
