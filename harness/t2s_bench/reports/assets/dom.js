/* What all pages share: making elements, reading the data, writing numbers, tooltips.
   Text gets into the page by text nodes and attributes only, never as markup. */
const DATA = JSON.parse(document.getElementById("data").textContent);
const SVG = "http://www.w3.org/2000/svg";

function byId(id) {
  return document.getElementById(id);
}

/* An element; `properties` are attributes, `on…` handlers, `class` and `style` (custom properties). */
function h(tag, properties = {}, ...children) {
  return filled(document.createElement(tag), properties, children);
}

function s(tag, properties = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), properties, children);
}

function filled(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "tip") tip(element, value);
    else if (name === "style") {
      for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
    } else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

/* One of the page's compressed parts, unpacked once. */
const unpacked = new Map();
function part(name) {
  if (!unpacked.has(name)) unpacked.set(name, unpack(byId(`part-${name}`).textContent));
  return unpacked.get(name);
}

async function unpack(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let place = 0; place < binary.length; place++) bytes[place] = binary.charCodeAt(place);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

const COUNT = new Intl.NumberFormat("en-US");
const percent = (value) => (value === null || value === undefined ? "–" : value.toFixed(2));
const count = (value) => COUNT.format(value);
const plural = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;

/* Three figures that matter: 12,300 · 123 · 1.23 · 0.0123. */
function short(value) {
  if (value === null || value === undefined) return "–";
  if (value === 0) return "0";
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return digits > 0 ? String(Number(value.toFixed(Math.min(digits, 6)))) : count(Math.round(value));
}

function compact(value) {
  for (const [size, letter] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
    if (value >= size) return `${short(value / size)}${letter}`;
  }
  return short(value);
}

/* Tooltips: on hover, on focus, and on touch; described for screen readers by aria-label. */
const bubble = h("div", { class: "tip no-print", role: "tooltip", hidden: true });
document.body.append(bubble);
let bubbleOwner = null;

function tip(element, text) {
  const show = (event) => {
    bubbleOwner = element;
    bubble.textContent = typeof text === "function" ? text() : text;
    bubble.hidden = false;
    placeBubble(event.clientX ?? null, event.clientY ?? null);
  };
  element.addEventListener("pointerenter", show);
  element.addEventListener("pointermove", (event) => placeBubble(event.clientX, event.clientY));
  element.addEventListener("focus", show);
  for (const name of ["pointerleave", "blur"]) element.addEventListener(name, hideBubble);
}

function placeBubble(x, y) {
  const owner = bubbleOwner?.getBoundingClientRect();
  if (x === null && owner) [x, y] = [owner.left + owner.width / 2, owner.bottom];
  const box = bubble.getBoundingClientRect();
  const left = Math.min(Math.max(8, x - box.width / 2), innerWidth - box.width - 8);
  const below = y + 18 + box.height < innerHeight;
  bubble.style.left = `${left}px`;
  bubble.style.top = `${below ? y + 18 : Math.max(8, y - box.height - 12)}px`;
}

function hideBubble() {
  bubble.hidden = true;
  bubbleOwner = null;
}
addEventListener("scroll", hideBubble, { passive: true, capture: true });
addEventListener("keydown", (event) => event.key === "Escape" && hideBubble());

/* A column packed by Python (see runs/packed.py). */
const ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
function unpackColumn({ values, codes, width = 1 }) {
  const column = [];
  for (let start = 0; start < codes.length; start += width) {
    let number = 0;
    for (let at = start; at < start + width; at++) number = number * ALPHABET.length + ALPHABET.indexOf(codes[at]);
    column.push(values[number]);
  }
  return column;
}

/* Rows of equal height of which only those in sight exist. `render(index)` makes one. */
class VirtualList {
  constructor(scroller, height, render) {
    this.scroller = scroller;
    this.height = height;
    this.render = render;
    this.length = 0;
    this.rows = new Map();
    this.space = h("div", { class: "virtual-space", role: "presentation" });
    scroller.append(this.space);
    scroller.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(scroller);
  }

  show(length) {
    this.length = length;
    this.space.style.height = `${length * this.height}px`;
    this.redraw();
  }

  redraw() {
    for (const row of this.rows.values()) row.remove();
    this.rows.clear();
    this.draw();
  }

  draw() {
    const top = this.scroller.scrollTop - this.space.offsetTop;
    const first = Math.max(0, Math.floor(top / this.height) - 8);
    const last = Math.min(this.length, Math.ceil((top + this.scroller.clientHeight) / this.height) + 8);
    for (const [index, row] of this.rows) {
      if (index < first || index >= last) {
        row.remove();
        this.rows.delete(index);
      }
    }
    for (let index = first; index < last; index++) {
      if (this.rows.has(index)) continue;
      const row = this.render(index);
      row.style.transform = `translateY(${index * this.height}px)`;
      this.rows.set(index, row);
      this.space.append(row);
    }
  }

  reveal(index) {
    const head = this.space.offsetTop;
    const top = head + index * this.height;
    const { scrollTop, clientHeight } = this.scroller;
    if (top < scrollTop + head) this.scroller.scrollTop = top - head;
    else if (top + this.height > scrollTop + clientHeight) {
      this.scroller.scrollTop = top + this.height - clientHeight;
    }
    this.draw();
  }
}
