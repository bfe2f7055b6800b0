/* Findings by text, severity and rule. */
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
