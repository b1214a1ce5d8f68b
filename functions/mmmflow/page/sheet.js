/* A sheet over the page for what takes room: a log, a model, a report. */

import { inWords } from "./actions.js";
import { byId, element } from "./elements.js";

let shown = 0;

/** Open it, and fill it with what `load` gives: nodes, or a promise of them.
    `load` is given a function that says whether this sheet is still open. */
export async function openSheet(title, load) {
  const sheet = byId("sheet");
  const body = byId("sheet-body");
  const own = ++shown;
  const isOpen = () => own === shown && sheet.open;
  byId("sheet-title").textContent = title;
  body.replaceChildren(element("p", { textContent: "Loading…" }));
  if (!sheet.open) sheet.showModal();
  body.scrollTop = 0;
  try {
    const nodes = await load(isOpen);
    if (isOpen()) body.replaceChildren(...nodes);
  } catch (error) {
    const textContent = `${inWords(error)}.`;
    if (isOpen()) {
      body.replaceChildren(element("p", { textContent, className: "error" }));
    }
  }
}

export function listenToSheet() {
  const sheet = byId("sheet");
  byId("sheet-close").addEventListener("click", () => sheet.close());
  sheet.addEventListener("click", (event) => {
    if (event.target === sheet) sheet.close(); // beside it
  });
}
