"use strict";
(() => {
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

  /* ---- folding ---- */
  const isHidden = (number) => {
    for (let at = parents[number]; at !== null; at = parents[at]) if (folded.has(at)) return true;
    return false;
  };
  const shown = () => [...cards.keys()].filter((number) => !isHidden(number));
  const showFolding = () => {
    for (const [number, card] of cards) {
      card.hidden = isHidden(number);
      const toggle = card.querySelector(".fold");
      if (!toggle) continue;
      const open = !folded.has(number);
      toggle.hidden = false;
      toggle.setAttribute("aria-expanded", String(open));
      card.classList.toggle("is-unfolded", open);
      card.classList.toggle("is-folded", !open);
    }
    const groups = children.filter((inside) => inside.length).length;
    byId("unfold").hidden = !folded.size;
    byId("refold").hidden = !groups || folded.size === groups;
  };
  const unfoldTo = (number) => {
    let changed = false;
    for (let at = parents[number]; at !== null && at !== undefined; at = parents[at]) changed = folded.delete(at) || changed;
    if (changed) { showFolding(); lay(); }
  };

  /* ---- layout: a model's inside is laid out by itself; so is each stretch between calls that all ways lead through ---- */
  const inLevel = (parent) => (parent === null ? [...cards.keys()].filter((n) => parents[n] === null) : children[parent]);
  const edgesIn = new Map();
  data.edges.forEach(([source, target, flow, name], place) => {
    const enters = parents[target] === source && source !== data.loss, leaves = parents[source] === target;
    const level = enters ? source : leaves ? target : parents[target];
    const from = enters ? "in" : source, to = leaves ? "out" : target;
    if (!edgesIn.has(level)) edgesIn.set(level, []);
    edgesIn.get(level).push({ from, to, flow, name, source, target, place });
  });

  /* Models repeat their blocks: a stretch that looks like one before is laid out like it. */
  const found = new Map();
  const searched = (sizes, links) => {
    const key = JSON.stringify([sizes, links]);
    if (!found.has(key)) {
      const layout = new dagre.graphlib.Graph({ multigraph: true });
      layout.setGraph({ rankdir: "TB", nodesep: GAP_X, ranksep: GAP_Y / 2, edgesep: 24, ranker: sizes.length > 150 ? "longest-path" : "network-simplex" });
      layout.setDefaultEdgeLabel(() => ({}));
      sizes.forEach((size, place) => layout.setNode(String(place), { ...size }));
      links.forEach(([from, to], place) => layout.setEdge(String(from), String(to), { minlen: 2 }, String(place)));
      dagre.layout(layout);
      found.set(key, {
        nodes: sizes.map((_, place) => { const { x, y, width, height } = layout.node(String(place)); return { x, y, width, height }; }),
        points: links.map(([from, to], place) => layout.edge(String(from), String(to), String(place)).points.map((point) => [point.x, point.y])),
      });
    }
    return found.get(key);
  };

  const layLevel = (parent, heights) => {
    const inside = new Map();
    const sizes = new Map();
    for (const number of inLevel(parent)) {
      if (children[number].length && !folded.has(number)) {
        const laid = layLevel(number, heights);
        inside.set(number, laid);
        sizes.set(number, { width: laid.width, height: laid.height });
      } else sizes.set(number, { width: card.width, height: heights.get(number) });
    }
    const links = (edgesIn.get(parent) || []).filter((link) => link.from !== link.to);
    let order = inLevel(parent);
    if (parent !== null) {
      order = ["in", ...order, "out"];
      sizes.set("in", { width: 2, height: 2 });
      sizes.set("out", { width: 2, height: 2 });
    }
    const index = new Map(order.map((number, place) => [number, place]));
    const outgoing = order.map(() => []);
    for (const link of links) outgoing[index.get(link.from)].push(link);
    const at = new Map(), ways = [];
    let reach = 0, start = 0;
    const y = 0;
    /* Of two calls one is under the other: most of a model is so, and needs no search for a layout. */
    const putUnder = (upper, lower, own) => {
      const over = at.get(upper), size = sizes.get(lower), foot = over.y + over.height / 2, head = foot + GAP_Y;
      at.set(lower, { x: over.x, y: head + size.height / 2, ...size });
      for (const link of own) ways.push({ ...link, points: [[over.x, foot], [over.x, (foot + head) / 2], [over.x, head]] });
    };
    const stretch = (end) => {
      const part = order.slice(start, end + 1);
      const here = new Set(part);
      const own = part.flatMap((number) => outgoing[index.get(number)]).filter((link) => here.has(link.to));
      if (part.length === 2 && at.has(part[0]) && own.length) { putUnder(part[0], part[1], own); start = end; return; }
      const laid = searched(part.map((number) => sizes.get(number)), own.map((link) => [part.indexOf(link.from), part.indexOf(link.to)]));
      const first = laid.nodes[0], known = at.get(order[start]);
      const dx = known ? known.x - first.x : -first.x;
      const dy = known ? known.y - first.y : y - (first.y - first.height / 2);
      part.forEach((number, place) => {
        const node = laid.nodes[place];
        at.set(number, { ...node, x: node.x + dx, y: node.y + dy });
      });
      own.forEach((link, place) => ways.push({ ...link, points: laid.points[place].map(([px, py]) => [px + dx, py + dy]) }));
      start = end;
    };
    order.forEach((number, place) => {
      if (place > start && reach <= place) stretch(place);
      for (const link of outgoing[place]) reach = Math.max(reach, index.get(link.to));
    });
    if (start < order.length - 1 || !at.size) stretch(order.length - 1);
    let left = Infinity, right = -Infinity, top = Infinity, bottom = -Infinity;
    for (const box of at.values()) {
      left = Math.min(left, box.x - box.width / 2); right = Math.max(right, box.x + box.width / 2);
      top = Math.min(top, box.y - box.height / 2); bottom = Math.max(bottom, box.y + box.height / 2);
    }
    for (const way of ways) for (const [px] of way.points) { left = Math.min(left, px - 8); right = Math.max(right, px + 8); }
    const side = parent === null ? MARGIN : PAD, above = parent === null ? MARGIN : FRAME_HEAD, below = parent === null ? MARGIN : 8;
    return {
      at, ways, inside,
      dx: side - left, dy: above - top,
      width: Math.max(right - left + 2 * side, parent === null ? 0 : card.width), height: bottom - top + above + below,
    };
  };

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
    if (!wide.matches) return;
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

  /* ---- the panel ---- */
  const strip = (one) => {
    const box = make("span", "strip");
    const name = one.name === "output" || one.name === one.place ? "" : `: ${one.name}`;
    if (one.cells) {
      const cut = one.cut === undefined ? null : one.cut, columns = one.cells[0].length + (cut === null ? 0 : 1);
      const height = one.cells.length * UNIT, width = columns * UNIT;
      const picture = draw("svg", { width: width * 1.4, height: height * 1.4, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${one.place}${name}` });
      const paths = new Map();
      one.cells.forEach((row, y) => [...row].forEach((letter, x) => {
        const left = (cut !== null && x >= cut ? x + 1 : x) * UNIT;
        paths.set(letter, `${paths.get(letter) || ""}M${left} ${y * UNIT}h${UNIT}v${UNIT}h-${UNIT}z`);
      }));
      for (const [letter, path] of paths) picture.append(draw("path", { class: `k-${letter}`, d: path }));
      if (cut !== null) picture.append(draw("path", { class: "k-cut", d: `M${cut * UNIT + 5} 0v${height}` }));
      const scroll = make("span", "scroll");
      if (width * 1.4 > 340) { scroll.tabIndex = 0; scroll.setAttribute("role", "group"); scroll.setAttribute("aria-label", `${one.place}${name}, scrolls`); }
      scroll.append(picture);
      box.append(scroll);
    } else box.append(make("span", "words", one.words));
    box.append(make("span", "caption", `${one.place}${name}${one.left ? ` (${one.left} steps left out)` : ""}`));
    return box;
  };
  const section = (title, ...content) => {
    const kept = content.filter((one) => one);
    if (kept.length) panel.append(make("h3", "", title), ...kept);
  };
  const row = (strips) => {
    if (!strips.length) return null;
    const made = make("div", "strips");
    made.append(...strips.map(strip));
    return made;
  };
  const list = (lines) => {
    if (!lines || !lines.length) return null;
    const made = make("ul");
    made.append(...lines.map((line) => make("li", "", line)));
    return made;
  };
  const link = (number) => {
    if (number === data.loss) return make("span", "", "loss");
    const made = make("button", "link");
    made.type = "button";
    made.dataset.call = number;
    made.append(make("bdi", "", data.calls[number].path));
    return made;
  };
  const chain = (way) => {
    const made = make("ol", "chain");
    const most = 9;
    way.forEach((number, place) => {
      if (way.length > most && place >= 5 && place < way.length - 3) {
        if (place === 5) made.append(make("li", "", `${way.length - 8} more`));
        return;
      }
      const item = make("li");
      item.append(link(number));
      made.append(item);
    });
    return made;
  };

  const open = (number, focus = true) => {
    if (number === data.loss) return;
    const call = data.calls[number];
    unfoldTo(number);
    if (opened !== null) cards.get(opened).classList.remove("is-open");
    opened = number;
    setCurrent(number);
    cards.get(number).classList.add("is-open");
    const title = make("h2", "");
    title.id = "panel-title";
    title.tabIndex = -1;
    title.append(make("bdi", "", call.path), document.createTextNode(" "), make("bdi", "class", call.class));
    const shut = make("button", "tool close", "Close");
    shut.type = "button";
    shut.addEventListener("click", close);
    panel.replaceChildren(title, shut);
    if (call.happened) panel.append(make("p", `mood-${call.mood}`)), panel.lastChild.append(make("span", "happened", call.happened));
    const masks = call.strips.filter((one) => one.place !== "values");
    section("What the mask says", row(masks));
    section("What the values say", row(call.strips.filter((one) => one.place === "values")), list(call.values));
    const rows = data.rows.join(", ") + (data.rowsLeftOut ? `; ${data.rowsLeftOut} more are not drawn` : "");
    panel.append(make("p", "rows", `Rows from the top: ${rows}.`));
    const findings = (call.findings || []).map((place) => {
      const copy = byId(`f${place}`).cloneNode(true);
      copy.removeAttribute("id");
      copy.hidden = false;
      return copy;
    });
    section(findings.length > 1 ? "Findings here" : "Finding here", ...findings);
    const ways = (call.spoils || []).map((way) => way.join(" "));
    const whole = (call.spoils || []).filter((_, place) => !ways.some((other) => other.startsWith(`${ways[place]} `)));
    section("What it spoils from here", ...whole.map(chain));
    section("Keras warned", list(call.warnings));
    section("The layer", list(call.facts));
    panel.hidden = false;
    main.classList.add("with-panel");
    panel.scrollTop = 0;
    cards.get(number).scrollIntoView({ block: "nearest", inline: "nearest" });
    if (focus) title.focus({ preventScroll: true });
  };
  const close = () => {
    if (opened === null) return;
    const card = cards.get(opened);
    card.classList.remove("is-open");
    opened = null;
    panel.hidden = true;
    panel.replaceChildren();
    main.classList.remove("with-panel");
    const button = card.querySelector("button.open");
    if (button && !card.hidden) button.focus();
  };

  /* ---- keys: one call takes the focus, arrows move it ---- */
  const setCurrent = (number) => {
    const old = cards.get(current)?.querySelector("button.open");
    if (old) old.tabIndex = -1;
    current = number;
    const button = cards.get(number)?.querySelector("button.open");
    if (button) button.tabIndex = 0;
    return button;
  };
  const visible = (number) => {
    let found = number;
    for (let at = parents[number]; at !== null && at !== undefined; at = parents[at]) if (folded.has(at)) found = at;
    return found;
  };
  const next = (from, step) => {
    const calls = shown().filter((number) => number !== data.loss);
    const place = calls.indexOf(from) + step;
    return calls[Math.max(0, Math.min(calls.length - 1, place))];
  };
  const along = (from, forward) => {
    const found = data.edges
      .filter(([source, target]) => (forward ? source : target) === from && (forward ? target : source) !== data.loss)
      .sort((one, other) => BAD.has(other[2]) - BAD.has(one[2]))
      .map(([source, target]) => visible(forward ? target : source))
      .find((number) => number !== from);
    return found === undefined ? next(from, forward ? 1 : -1) : found;
  };
  const MOVES = {
    ArrowDown: (at) => along(at, true), ArrowUp: (at) => along(at, false),
    ArrowRight: (at) => next(at, 1), ArrowLeft: (at) => next(at, -1),
    Home: () => shown()[0], End: () => next(current, data.calls.length),
  };
  byId("calls").addEventListener("keydown", (event) => {
    const button = event.target.closest("button.open");
    if (!button || !(event.key in MOVES) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const target = setCurrent(MOVES[event.key](Number(button.dataset.open)));
    target.focus({ preventScroll: true });
    target.closest(".call").scrollIntoView({ block: "nearest", inline: "nearest" });
    if (opened !== null) open(current, false);
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open], [data-call]"), toggle = event.target.closest("[data-fold]:is(button)");
    if (toggle) {
      const number = Number(toggle.dataset.fold);
      if (!folded.delete(number)) folded.add(number);
      showFolding();
      lay();
    } else if (opener) {
      event.preventDefault();
      const number = Number(opener.dataset.open ?? opener.dataset.call);
      open(number);
      if (opener.dataset.call) cards.get(number).scrollIntoView({ block: "center", inline: "nearest" });
    }
  });
  const foldAll = (fold) => {
    data.calls.forEach((_, number) => { if (children[number].length) fold ? folded.add(number) : folded.delete(number); });
    showFolding();
    lay();
  };
  byId("unfold").addEventListener("click", () => foldAll(false));
  byId("refold").addEventListener("click", () => foldAll(true));

  /* ---- the filter ---- */
  const filter = byId("filter");
  if (filter) {
    const findings = [...document.querySelectorAll(".findings > .finding")].map((element) => ({ element, text: element.textContent.toLowerCase() }));
    const status = byId("shown"), search = byId("search"), code = byId("code");
    const apply = () => {
      const wanted = search.value.trim().toLowerCase();
      const kinds = new Set([...filter.querySelectorAll("[name=kind]:checked")].map((box) => box.value));
      let count = 0;
      for (const { element, text } of findings) {
        const keep = text.includes(wanted) && kinds.has(element.dataset.kind) && (!code || !code.value || code.value === element.dataset.code);
        element.hidden = !keep;
        count += keep;
      }
      status.textContent = count === findings.length ? `${count} finding${count === 1 ? "" : "s"}` : `${count} of ${findings.length} findings shown`;
    };
    filter.hidden = false;
    filter.addEventListener("input", apply);
    filter.addEventListener("submit", (event) => event.preventDefault());
    apply();
  }

  byId("tools").hidden = false;
  for (const button of document.querySelectorAll("button.open")) button.tabIndex = -1;
  if (cards.get(current)) setCurrent(visible(current));
  showFolding();
  wide.addEventListener("change", lay);
  requestAnimationFrame(() => setTimeout(() => {
    lay();
    /* Where the window or the panel leaves less room, or more, other cards may fit. */
    new ResizeObserver(() => {
      const fitting = needed > byId("canvas").clientWidth ? CARDS.narrow : CARDS.roomy;
      if (!needed || fitting === card || !wide.matches) return;
      requestAnimationFrame(() => {
        lay();
        if (opened !== null) cards.get(opened).scrollIntoView({ block: "nearest", inline: "nearest" });
      });
    }).observe(byId("canvas"));
  }, 0));
})();
