"use strict";
(() => {
  const MOST_OPEN = 500; // findings that a filter leaves, up to which it opens their rules
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
  const counted = (n) => `${number(n)} ${n === 1 ? "finding" : "findings"}`;
  const tell = (words) => {
    one("f-count").textContent = words;
  };
  const text = (element) => (element ? element.textContent.toLowerCase() : "");
  const read = () =>
    [...document.querySelectorAll("#findings .rule, #findings .short")].map((box) => ({
      box,
      was: box.open,
      more: box.querySelector("summary em"),
      said: text(box.querySelector("summary em")),
      rows: [...box.querySelectorAll("tbody tr, p.row")].map((row) => ({
        row,
        group: row.closest("[data-group]").dataset.group,
        layers: row.closest("[data-layer]").dataset.layer.split(","),
        state: row.classList.contains("known") ? "known" : row.classList.contains("ignored") ? "ignored" : "new",
        text: text(row) + text(box.querySelector(".deciders")) + (row.localName === "p" ? text(box.querySelector("summary")) : ""),
      })),
    }));
  let boxes;
  const apply = () => {
    boxes = boxes || read();
    const words = value("text").toLowerCase().split(/\s+/).filter(Boolean);
    const [group, layer, state] = [value("group"), value("layer"), value("state")];
    const asked = Boolean(words.length || group || layer || state);
    let [shown, all] = [0, 0];
    for (const box of boxes) {
      box.found = 0;
      for (const one of box.rows) {
        const fits =
          (!group || group === one.group) &&
          (!layer || one.layers.includes(layer)) &&
          (!state || state === one.state) &&
          words.every((word) => one.text.includes(word));
        if (one.row.hidden === fits) one.row.hidden = !fits;
        if (fits) box.found += 1;
      }
      all += box.rows.length;
      shown += box.found;
      box.box.hidden = !box.found;
      if (box.more) box.more.textContent = asked ? `${number(box.found)} of ${number(box.rows.length)} findings` : box.said;
    }
    for (const box of boxes) box.box.open = asked ? box.found > 0 && shown <= MOST_OPEN : box.was;
    for (const section of document.querySelectorAll("#findings .group"))
      section.hidden = !section.querySelector("details:not([hidden])");
    tell(asked ? `${number(shown)} of ${number(all)} findings` : counted(all));
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
  tell(counted(document.querySelectorAll("#findings tbody tr, #findings p.row").length));
})();
