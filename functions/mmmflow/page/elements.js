/* Elements from templates: a text of the server only ever becomes text. */

export const byId = (id) => document.getElementById(id);

/** A copy of a template. A slot takes a text, an array of nodes, or an object
    of properties; a slot without a value is removed. */
export function make(template, slots) {
  const node = byId(template).content.firstElementChild.cloneNode(true);
  for (const place of node.querySelectorAll("[data-slot]")) {
    const value = slots[place.dataset.slot];
    if (value == null) place.remove();
    else if (Array.isArray(value)) place.replaceChildren(...value);
    else if (typeof value === "object") Object.assign(place, value);
    else place.textContent = value;
  }
  return node;
}

export function element(name, properties) {
  return Object.assign(document.createElement(name), properties);
}

export const points = (texts) =>
  texts.map((textContent) => element("li", { textContent }));

/** Make the parent show these items, touching only what changed. */
export function show(parent, items, template, keyOf, slotsOf) {
  const shown = new Map();
  for (const node of [...parent.children]) shown.set(node.dataset.key, node);
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    const content = JSON.stringify(item);
    let node = shown.get(key);
    shown.delete(key);
    if (node === undefined || node.content !== content) {
      const made = make(template, slotsOf(item));
      made.dataset.key = key;
      made.content = content;
      if (node === undefined) parent.insertBefore(made, place);
      else {
        if (node === place) place = made;
        replace(node, made);
      }
      node = made;
    }
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
  }
  for (const node of shown.values()) node.remove();
}

/** Put `made` in the place of `node`; focus and open parts stay. */
function replace(node, made) {
  const parts = "a, summary, button, input";
  const focused = [...node.querySelectorAll(parts)].indexOf(
    document.activeElement,
  );
  const open = [...node.querySelectorAll("details")].map((one) => one.open);
  node.replaceWith(made);
  made.querySelectorAll("details").forEach((one, i) => {
    one.open = open[i] ?? one.open;
  });
  made.querySelectorAll(parts)[focused]?.focus();
}

/** A table of texts; a cell that is a node is taken as it is. `numbers` are
    the columns that hold numbers. */
export function table(caption, heads, rows, numbers = []) {
  const cell = (name, content, at) => {
    const made = element(name, { scope: name === "th" ? "col" : undefined });
    if (numbers.includes(at)) made.className = "number";
    made.append(content ?? "–");
    return made;
  };
  const line = (cells) => {
    const made = element("tr", {});
    made.append(...cells);
    return made;
  };
  const made = element("table", { className: "plain-table" });
  const head = element("thead", {});
  head.append(line(heads.map((text, at) => cell("th", text, at))));
  const body = element("tbody", {});
  body.append(...rows.map((row) =>
    line(row.map((content, at) => {
      const one = cell(at === 0 ? "th" : "td", content, at);
      if (at === 0) one.scope = "row";
      return one;
    }))));
  made.append(element("caption", { textContent: caption }), head, body);
  const box = element("div", {
    className: "scroll", tabIndex: 0, role: "region", ariaLabel: caption,
  });
  box.append(made);
  return box;
}

/** A part that is folded until it is opened, and made when it is. */
export function fold(title, fill) {
  const part = element("details", {});
  const content = element("div", { className: "folded" });
  part.append(element("summary", { textContent: title }), content);
  part.addEventListener("toggle", () => {
    if (!part.open || part.filled) return;
    part.filled = true;
    fill(content);
  });
  return part;
}

export const badge = (text, look = text) =>
  element("span", { textContent: text, className: `badge ${look}` });

export function empty(name, text) {
  const note = document.querySelector(`[data-empty="${name}"]`);
  if (note.textContent !== text) note.textContent = text;
  note.hidden = text === "";
  const table = note.previousElementSibling;
  table.hidden = text !== "";
}
