/* SQL for reading: a line a clause, keywords in bold, and what only one of two queries has marked. */
const TOKEN = /'(?:[^']|'')*'?|"(?:[^"]|"")*"?|`[^`]*`?|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?\*\/|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|\d+(?:\.\d+)?|<>|<=|>=|!=|==|\|\||[^\s]/g;
const KEYWORDS = new Set(("select from where group by order having limit offset union intersect except all distinct as on using join left right full inner outer cross natural and or not in is null like glob between exists case when then else end asc desc with recursive values cast over partition rows count sum avg min max").split(" "));
const BREAKS = new Set(["from", "where", "group", "order", "having", "limit", "union", "intersect", "except"]);
const JOINS = new Set(["left", "right", "full", "inner", "outer", "cross", "natural", "join"]);
// Comparing longer queries token by token would hold up the page; marks on queries that share less
// than this would mark nearly everything.
const MOST_TOKENS = 1500;
const LEAST_SHARED = 0.35;

function tokens(sql) {
  return [...sql.matchAll(TOKEN)].map((found) => ({ text: found[0], spaced: found.index > 0 && /\s/.test(sql[found.index - 1]) }));
}

/* Equal for comparison: letter case counts inside quotes only; a closing semicolon never. */
const sameAs = (token) => (/^['"`[]/.test(token.text) ? token.text : token.text.toLowerCase());

/* Which tokens of each are not in their longest common subsequence. */
function onlyIn(first, second) {
  const a = first.map(sameAs), b = second.map(sameAs);
  if (a.length > MOST_TOKENS || b.length > MOST_TOKENS) return [new Set(), new Set()];
  const wide = b.length + 1;
  const lengths = new Uint16Array((a.length + 1) * wide);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i * wide + j] = a[i] === b[j] ? lengths[(i + 1) * wide + j + 1] + 1 : Math.max(lengths[(i + 1) * wide + j], lengths[i * wide + j + 1]);
    }
  }
  const inFirst = new Set(), inSecond = new Set();
  let i = 0, j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) { i++; j++; }
    else if (j >= b.length || (i < a.length && lengths[(i + 1) * wide + j] >= lengths[i * wide + j + 1])) inFirst.add(i++);
    else inSecond.add(j++);
  }
  const shared = 1 - (inFirst.size + inSecond.size) / Math.max(1, a.length + b.length);
  return shared < LEAST_SHARED ? [new Set(), new Set()] : [inFirst, inSecond];
}

/* The query as lines of spans; `marked` are the places of tokens to mark with `mark`. */
function sqlBlock(listed, marked = new Set(), mark = "") {
  const lines = [], depths = [];
  let before = "";
  listed.forEach((token, place) => {
    const word = token.text.toLowerCase();
    const closes = word === ")" && depths.at(-1) === "query";
    if (closes) depths.pop();
    const clause = word === "select" || BREAKS.has(word) || (JOINS.has(word) && !JOINS.has(before));
    if (!lines.length || ((closes || clause) && depths.at(-1) !== "list")) {
      lines.push({ indent: depths.filter((kind) => kind === "query").length, spans: [] });
    }
    const { spans } = lines.at(-1);
    if (token.spaced && spans.length) spans.push(marked.has(place) && marked.has(place - 1) ? h("span", { class: mark }, " ") : " ");
    const classes = [KEYWORDS.has(word) ? "keyword" : /^'/.test(token.text) ? "literal" : "", marked.has(place) ? mark : ""].join(" ").trim();
    spans.push(classes ? h("span", { class: classes }, token.text) : token.text);
    if (word === "(") depths.push(["select", "with"].includes(listed[place + 1]?.text.toLowerCase()) ? "query" : "list");
    if (word === ")" && !closes) depths.pop();
    before = word;
  });
  return h("div", { class: "sql" }, lines.map(({ indent, spans }) => h("div", { class: "sql-line", style: { "--indent": `${2 * indent}ch` } }, spans)));
}

function copyButton(sql) {
  const button = h("button", { class: "plain link small no-print", type: "button", onclick: async () => {
    try {
      await navigator.clipboard.writeText(sql);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Cannot copy";
    }
    setTimeout(() => (button.textContent = "Copy"), 1500);
  } }, "Copy");
  return button;
}
