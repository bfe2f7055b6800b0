/* One call takes the focus; arrows move it, Enter opens, Escape closes. */
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
