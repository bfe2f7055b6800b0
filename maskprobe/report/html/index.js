"use strict";
(() => {
  const table = document.querySelector("table"), body = table.tBodies[0];
  const rows = [...body.rows].map((row) => ({
    row, text: row.textContent.toLowerCase(), kind: row.dataset.kind,
    keys: [...row.cells].map((cell) => (cell.dataset.sort === undefined ? cell.textContent.trim().toLowerCase() : Number(cell.dataset.sort))),
  }));
  const status = document.getElementById("shown"), search = document.getElementById("search"), filter = document.getElementById("filter");

  const compare = (one, other) => (typeof one === "number" ? one - other : one.localeCompare(other));
  table.tHead.querySelectorAll("button").forEach((button) => {
    button.disabled = false;
    button.addEventListener("click", () => {
      const head = button.closest("th"), column = head.cellIndex;
      const first = head.dataset.first || "ascending";
      const turned = { ascending: "descending", descending: "ascending" };
      const way = head.getAttribute("aria-sort") ? turned[head.getAttribute("aria-sort")] : first;
      table.tHead.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", way);
      const sign = way === "ascending" ? 1 : -1;
      rows.sort((one, other) => sign * compare(one.keys[column], other.keys[column]));
      body.append(...rows.map(({ row }) => row));
    });
  });

  const apply = () => {
    const wanted = search.value.trim().toLowerCase();
    const kinds = new Set([...filter.querySelectorAll("[name=kind]:checked")].map((box) => box.value));
    let count = 0;
    for (const { row, text, kind } of rows) {
      row.hidden = !(text.includes(wanted) && kinds.has(kind));
      count += !row.hidden;
    }
    status.textContent = count === rows.length ? `${count} model${count === 1 ? "" : "s"}` : `${count} of ${rows.length} models shown`;
  };
  filter.hidden = false;
  filter.addEventListener("input", apply);
  filter.addEventListener("submit", (event) => event.preventDefault());
  apply();
})();
