/* The part of the schema that a question is about: tables that any of its queries names. */
function schemaPart(schema, sqls) {
  const text = sqls.join(" ").toLowerCase();
  const words = new Set(text.match(/[\w$\u0080-\uffff]+/g) ?? []);
  const named = schema.tables.filter((table) => words.has(table.name.toLowerCase()) || (/\W/.test(table.name) && text.includes(table.name.toLowerCase())));
  const others = schema.tables.filter((table) => !named.includes(table));
  const cards = (tables) => tables.map((table) => schemaTable(table, words));
  const place = h("div", { class: "schema" }, cards(named));
  if (!named.length) place.append(h("p", { class: "soft small" }, "No query names a table of this database."));
  return [place, others.length ? h("details", { class: "more", ontoggle: (event) => {
    const inside = event.target.querySelector(".schema");
    if (event.target.open && !inside.childElementCount) inside.append(...cards(others));
  } }, h("summary", {}, `${plural(others.length, "other table")}`), h("div", { class: "schema" })) : null];
}

function schemaTable(table, words) {
  return h("div", { class: "schema-table" },
    h("h4", {}, table.name, table.rows === null ? null : h("span", { class: "soft small" }, ` ${plural(table.rows, "row")}`)),
    h("ul", {}, table.columns.map(([name, type, key]) => h("li", { class: words.has(name.toLowerCase()) ? "used" : null },
      h("span", { class: "column" }, name), " ", h("span", { class: "soft" }, type), key ? h("span", { class: "chip", title: "primary key" }, "key") : null))),
    table.keys.map(([columns, parent, parents]) => h("p", { class: "small soft" }, `${columns} → ${parent}.${parents}`)));
}
