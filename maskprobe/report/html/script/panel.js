/* All that is known of one call. Text goes in as text. */
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
