/* Begin: fold, paint, then lay out. */
byId("tools").hidden = false;
for (const button of document.querySelectorAll("button.open")) button.tabIndex = -1;
if (cards.get(current)) setCurrent(visible(current));
showFolding();
wide.addEventListener("change", lay);
requestAnimationFrame(() => setTimeout(() => {
  lay();
  const room = byId("canvas"), first = cards.get(visible(current));
  if (first && room.scrollWidth > room.clientWidth) {
    const box = first.getBoundingClientRect(), around = room.getBoundingClientRect();
    room.scrollLeft = box.left + box.width / 2 - around.left - around.width / 2;
  }
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
