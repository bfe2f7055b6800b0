/* Put the cards where they go, and draw what flows between them. */
const place = (laid, x, y, boxes, lines) => {
  for (const [number, box] of laid.at) {
    if (typeof number !== "number") continue;
    const left = x + laid.dx + box.x - box.width / 2, top = y + laid.dy + box.y - box.height / 2;
    boxes.set(number, { left, top, width: box.width, height: box.height });
    if (laid.inside.has(number)) place(laid.inside.get(number), left, top, boxes, lines);
  }
  for (const way of laid.ways) lines.push({ ...way, points: way.points.map(([px, py]) => [px + x + laid.dx, py + y + laid.dy]) });
};

/* From the foot of one card to the head of the next, upright at both ends. */
const clamp = (x, box) => Math.max(box.left + 26, Math.min(box.left + box.width - 26, x));
const ends = (line, boxes) => {
  const from = line.from === "in" ? null : boxes.get(line.source), to = line.to === "out" ? null : boxes.get(line.target);
  const inner = line.points.slice(1, -1), first = line.points[0], last = line.points[line.points.length - 1];
  const start = from ? [from.left + from.width / 2, from.top + from.height] : first;
  const end = to ? [to.left + to.width / 2, to.top] : last;
  const isShort = end[1] - start[1] < GAP_Y + 12;
  const after = isShort ? end : inner[0], before = isShort ? start : inner[inner.length - 1];
  if (from && !(isShort && !to)) start[0] = clamp(after[0], from);
  else start[0] = isShort && to ? to.left + to.width / 2 : after[0];
  if (to) end[0] = clamp(isShort ? start[0] : before[0], to);
  else end[0] = isShort ? start[0] : before[0];
  return isShort ? [start, end] : [start, ...inner.filter((_, at) => at % 2 || inner.length < 3), end];
};
const curve = (points) => {
  const spot = ([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`;
  return points.slice(1).reduce((path, [x, y], at) => {
    const [x0, y0] = points[at], middle = (y0 + y) / 2;
    return `${path}${Math.abs(x - x0) < 0.5 ? "L" : `C${spot([x0, middle])} ${spot([x, middle])} `}${spot([x, y])}`;
  }, `M${spot(points[0])}`);
};

const drawLines = (lines, boxes, width, height) => {
  const parts = document.createDocumentFragment();
  const came = new Map(), labels = [];
  for (const [, target, flow] of data.edges) came.set(target, (came.get(target) || new Set()).add(flow));
  for (const line of lines) {
    const group = draw("g", { class: `flow-${line.flow.replaceAll(" ", "-")}` });
    const points = ends(line, boxes), [x, y] = points[points.length - 1];
    points[points.length - 1] = [x, y - 8];
    group.append(draw("path", { d: curve(points) }));
    group.append(draw("path", { class: "tip", d: `M${x} ${y}l-5.5 -10h11z` }));
    const begins = line.from === "in" || !(came.get(line.source) || new Set()).has(line.flow);
    const free = !labels.some((one) => (Math.abs(one.x - x) < 130 && Math.abs(one.y - y) < 20)
      || one.source === line.source || one.target === line.target);
    if (BAD.has(line.flow) && free && (begins || lines.length < 24)) {
      labels.push({ x, y, source: line.source, target: line.target });
      const words = draw("text", { x: x + 12, y: y - 17 });
      words.textContent = LABELS[line.flow];
      group.append(words);
    }
    parts.append(group);
  }
  edges.setAttribute("width", width);
  edges.setAttribute("height", height);
  edges.replaceChildren(parts);
};

const wide = matchMedia("screen and (min-width: 701px)");
const laidOut = (chosen) => {
  card = chosen;
  const height = card.above + Math.max(9 * data.rows.length, 45) + 20;
  return layLevel(null, new Map([...cards.keys()].map((number) => [number, number === data.loss ? 64 : height])));
};
let needed = 0;
const lay = () => {
  if (!wide.matches || !cards.size) return;
  const started = performance.now(), room = byId("canvas").clientWidth;
  let laid = laidOut(CARDS.roomy);
  needed = laid.width;
  if (needed > room) laid = laidOut(CARDS.narrow);
  graph.classList.toggle("is-narrow", card === CARDS.narrow);
  const boxes = new Map(), lines = [];
  place(laid, 0, 0, boxes, lines);
  graph.classList.add("is-laid");
  for (const [number, box] of boxes) {
    const style = cards.get(number).style;
    style.transform = `translate(${box.left.toFixed(1)}px, ${box.top.toFixed(1)}px)`;
    style.width = `${box.width}px`;
    style.height = `${box.height}px`;
  }
  graph.style.width = `${laid.width}px`;
  graph.style.height = `${laid.height}px`;
  drawLines(lines, boxes, laid.width, laid.height);
  performance.measure("maskprobe-layout", { start: started, end: performance.now() });
};
