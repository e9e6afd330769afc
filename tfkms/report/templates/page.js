(() => {
  "use strict";
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const form = document.getElementById("filter");
  const findings = all(".finding");
  const keys = all(".key").map((element) => ({
    element,
    name: element.dataset.key.toLowerCase(),
    rows: all("tr[data-row]", element).map((row) => ({ row, name: row.cells[0].textContent.toLowerCase() })),
  }));
  const OPENED = 12;
  const counted = (shown, of, word) => `${shown} of ${of} ${word}${of === 1 ? "" : "s"}`;
  const show = (element, shown) => { if (element.hidden === shown) element.hidden = !shown; };

  const narrow = () => {
    const asked = (name) => (form.elements[name] ? form.elements[name].value.trim().toLowerCase() : "");
    const [who, key, verdict, severity, check] = ["who", "key", "verdict", "severity", "check"].map(asked);
    const fresh = form.elements.fresh.checked;
    const has = (words, word) => !word || words.toLowerCase().split(" ").includes(word);
    let told = 0;
    for (const finding of findings) {
      const own = finding.dataset;
      const shown = has(own.verdict, verdict) && has(own.severity, severity) && has(own.check, check)
        && own.key.toLowerCase().includes(key) && own.who.toLowerCase().includes(who) && (!fresh || "new" in own);
      show(finding, shown);
      told += shown;
    }
    let drawn = 0;
    for (const own of keys) {
      let rows = 0;
      for (const { row, name } of own.rows) {
        const shown = name.includes(who) && (!fresh || "change" in row.dataset);
        show(row, shown);
        rows += shown;
      }
      own.shown = own.name.includes(key) && rows > 0;
      show(own.element, own.shown);
      drawn += own.shown;
    }
    if ((who || key || fresh) && drawn <= OPENED) {
      for (const own of keys) if (own.shown) own.element.open = true;
    }
    form.elements.status.value = [
      ...(findings.length ? [counted(told, findings.length, "finding")] : []),
      ...(keys.length ? [counted(drawn, keys.length, "key")] : []),
    ].join(", ");
  };

  /* What a link leads to is shown, whatever the page was narrowed to. */
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.hidden) { form.reset(); narrow(); }
    for (const details of [target, ...all("details", target)]) if (details.tagName === "DETAILS") details.open = true;
    target.scrollIntoView();
  };

  for (const element of all(".scripted")) element.hidden = false;
  for (const button of all("[data-open]")) {
    button.addEventListener("click", () => {
      for (const own of keys) own.element.open = button.dataset.open === "true";
    });
  }
  if (form) {
    form.addEventListener("input", narrow);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(narrow));
    narrow();
  }
  window.addEventListener("hashchange", reveal);
  if (location.hash) reveal();
  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = all("details:not([open])");
    for (const details of closed) details.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const details of closed) details.open = false;
  });
})();
