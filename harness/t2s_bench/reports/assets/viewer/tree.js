/* Any JSON as a tree that unfolds on demand: a search tree, agents' messages, measures of uncertainty. */
const LONG = 90;

function jsonTree(value, depth = 0) {
  const entries = Array.isArray(value) ? value.map((item, place) => [String(place), item]) : Object.entries(value);
  return h("ul", { class: "tree" }, entries.map(([key, item]) => h("li", {}, jsonNode(key, item, depth))));
}

function jsonNode(key, value, depth) {
  const name = h("span", { class: "json-key" }, key);
  if (value !== null && typeof value === "object") {
    const size = Array.isArray(value) ? value.length : Object.keys(value).length;
    if (!size) return [name, h("span", { class: "soft" }, Array.isArray(value) ? " []" : " {}")];
    const node = h("details", { ontoggle: () => { if (node.open && !node.querySelector(".tree")) node.append(jsonTree(value, depth + 1)); } },
      h("summary", {}, name, h("span", { class: "preview soft" }, preview(value))));
    if (depth === 0 && size <= 12) node.open = true;
    return node;
  }
  if (typeof value === "string" && (value.length > LONG || value.includes("\n"))) {
    return h("details", {}, h("summary", {}, name, h("span", { class: "preview soft" }, value.slice(0, LONG).replace(/\s+/g, " "))), h("pre", { class: "long" }, value));
  }
  return [name, h("span", { class: `json-${value === null ? "null" : typeof value}` }, value === null ? "null" : String(value))];
}

/* What is inside a closed node: its first plain values. */
function preview(value) {
  const size = Array.isArray(value) ? value.length : Object.keys(value).length;
  const plain = Object.entries(value).filter(([, item]) => item === null || typeof item !== "object").slice(0, 4);
  const text = plain.map(([key, item]) => (Array.isArray(value) ? String(item) : `${key}: ${item}`)).join(", ").replace(/\s+/g, " ").slice(0, LONG);
  const noun = Array.isArray(value) ? plural(size, "item") : plural(size, "field");
  return text ? `${noun} · ${text}${plain.length < size ? " …" : ""}` : noun;
}
