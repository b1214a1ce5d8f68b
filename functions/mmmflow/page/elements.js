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
  const parts = "a, summary";
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

export function empty(name, text) {
  const note = document.querySelector(`[data-empty="${name}"]`);
  if (note.textContent !== text) note.textContent = text;
  note.hidden = text === "";
  const table = note.previousElementSibling;
  table.hidden = text !== "";
}

const SVG = "http://www.w3.org/2000/svg";

/** Two bars, today's spend above the proposed one. */
export function bars(now, proposed, most) {
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("aria-hidden", "true");
  [["now", now], ["proposed", proposed]].forEach(([name, value], row) => {
    const bar = document.createElementNS(SVG, "rect");
    bar.setAttribute("class", name);
    bar.setAttribute("y", row * 9);
    bar.setAttribute("height", 7);
    bar.setAttribute("rx", 2);
    bar.setAttribute("width", `${most > 0 ? (100 * value) / most : 0}%`);
    picture.append(bar);
  });
  return picture;
}
