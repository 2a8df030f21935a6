"use strict";
(() => {
  const one = (id) => document.getElementById(id);
  const opened = (from) => {
    for (let at = from; at; at = at.parentElement) if (at.localName === "details") at.open = true;
  };
  const goTo = () => {
    const target = location.hash.length > 1 && one(location.hash.slice(1));
    if (target && target.closest("details")) {
      opened(target);
      target.closest("details").scrollIntoView();
    }
  };
  addEventListener("hashchange", goTo);
  goTo();

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const each of closed) each.open = true;
  });
  addEventListener("afterprint", () => {
    for (const each of closed) each.open = false;
  });

  const filters = one("filters");
  if (!filters) return;
  filters.hidden = false;
  const fields = ["text", "group", "layer", "state"].map((name) => one("f-" + name)).filter(Boolean);
  const value = (name) => (one("f-" + name) ? one("f-" + name).value : "");
  const number = (n) => n.toLocaleString("en");
  let rules;
  const read = () =>
    [...document.querySelectorAll("details.rule")].map((rule) => ({
      rule,
      was: rule.open,
      group: rule.dataset.group,
      layers: rule.dataset.layer.split(","),
      text: rule.querySelector(".deciders").textContent.toLowerCase(),
      more: rule.querySelector(".more"),
      said: rule.querySelector(".more") && rule.querySelector(".more").textContent,
      rows: [...rule.querySelectorAll("tbody tr")].map((row) => ({
        row,
        state: row.className || "new",
        text: row.textContent.toLowerCase(),
      })),
    }));
  const apply = () => {
    rules = rules || read();
    const words = value("text").toLowerCase().split(/\s+/).filter(Boolean);
    const [group, layer, state] = [value("group"), value("layer"), value("state")];
    const asked = words.length || group || layer || state;
    let shown = 0;
    let all = 0;
    for (const each of rules) {
      const fits = (!group || group === each.group) && (!layer || each.layers.includes(layer));
      const left = words.filter((word) => !each.text.includes(word));
      let found = 0;
      for (const { row, state: is, text } of each.rows) {
        const hidden = !fits || (state !== "" && state !== is) || !left.every((word) => text.includes(word));
        if (row.hidden !== hidden) row.hidden = hidden;
        if (!hidden) found += 1;
      }
      all += each.rows.length;
      shown += found;
      each.rule.hidden = !found;
      if (each.more) each.more.textContent = asked ? `${number(found)} of ${number(each.rows.length)} findings` : each.said;
      each.found = found;
    }
    for (const each of rules) each.rule.open = asked ? each.found > 0 && shown <= 200 : each.was;
    for (const section of document.querySelectorAll("section.group"))
      section.hidden = !section.querySelector("details.rule:not([hidden])");
    one("f-count").textContent = asked
      ? `${number(shown)} of ${number(all)} findings`
      : `${number(all)} ${all === 1 ? "finding" : "findings"}`;
  };
  let waiting;
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(apply, 120);
  };
  for (const field of fields) field.addEventListener(field.type === "search" ? "input" : "change", soon);
  one("f-clear").addEventListener("click", () => {
    for (const field of fields) field.value = "";
    apply();
    one("f-text").focus();
  });
  one("f-count").textContent = `${number(document.querySelectorAll("details.rule tbody tr").length)} findings`;
})();
