/* Which calls are shown: models fold, and what is inside folds with them. */
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
