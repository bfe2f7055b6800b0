/* Where calls go: the inside of a model by itself, and so each stretch between calls that all ways lead through. */
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
