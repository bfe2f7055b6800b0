/* What the page is told, and what all parts of the script use. */
const data = JSON.parse(document.getElementById("data").textContent);
const SVG = "http://www.w3.org/2000/svg";
const GAP_X = 34, GAP_Y = 44, PAD = 20, FRAME_HEAD = 60, MARGIN = 12, UNIT = 10;
const BAD = new Set(["lost mask", "wrong mask", "padding leaking"]);
const LABELS = { "lost mask": "mask lost", "wrong mask": "wrong mask", "padding leaking": "padding mixed in" };
const byId = (id) => document.getElementById(id);
const main = document.querySelector("main"), panel = byId("panel"), graph = byId("graph"), edges = byId("edges");
const parents = data.calls.map((call) => call.parent);
const children = data.calls.map((call) => call.children || []);
const cards = new Map();
data.calls.forEach((_, number) => cards.set(number, byId(`c${number}`)));
if (data.loss !== null) { cards.set(data.loss, byId(`c${data.loss}`)); parents[data.loss] = null; children[data.loss] = []; }
const folded = new Set(graph.hasAttribute("data-fold") ? [...data.calls.keys()].filter((n) => children[n].length) : []);
const widest = Math.max(56, ...[...document.querySelectorAll(".call .strip svg")].map((one) => Number(one.getAttribute("width"))));
const CARDS = { roomy: { width: 272 + 3 * widest, above: 20 }, narrow: { width: Math.max(236, 64 + 3 * widest), above: 70 } };
let card = CARDS.roomy;
for (let at = data.guilty; at !== null; at = parents[at]) folded.delete(at);
let opened = null, current = data.guilty === null ? 0 : data.guilty;
document.documentElement.classList.add("js");

const make = (tag, className, text) => {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
};
const draw = (tag, attributes) => {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
};
