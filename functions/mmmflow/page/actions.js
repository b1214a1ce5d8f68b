/* What a person does with a thing that the page shows: a button each. */

import { NoAnswerError, send } from "./api.js";
import { byId, element } from "./elements.js";

let operator = true;
let changed = () => {};

/** `again` is called when something was changed. */
export function onChange(again) {
  changed = again;
}

/** Show who looks, and let only operators change anything. */
export function showPerson({ mail, roles }) {
  const was = operator;
  operator = roles.includes("operator");
  byId("viewer").hidden = operator;
  if (was !== operator) {
    for (const part of document.querySelectorAll("[data-operator]")) {
      part.disabled = !operator;
    }
  }
  const text = `You are ${mail}, ${operator ? "operator" : "viewer"}.`;
  if (byId("me").textContent !== text) byId("me").textContent = text;
}

export const mayChange = () => operator;

export function say(text, bad = false) {
  const place = byId("said");
  place.textContent = text;
  place.classList.toggle("bad", bad);
  clearTimeout(say.timer);
  say.timer = setTimeout(() => {
    place.textContent = "";
  }, bad ? 15000 : 6000);
}

export const inWords = (error) =>
  error instanceof NoAnswerError
    ? "No answer from the server: try again"
    : error.message;

/** A button; `label` says to those who only hear it what it is for. */
export function button(textContent, label, act) {
  const made = element("button", {
    type: "button", className: "plain small", textContent,
    ariaLabel: `${textContent} ${label}`,
  });
  made.addEventListener("click", () => act(made));
  return made;
}

/** A button that asks the API for a change; none for those who may not.
    `sure` is asked first where it can't be undone. */
export function command(textContent, label, path, options = {}) {
  if (!operator) return null;
  const { body, method, sure, done } = options;
  return button(textContent, label, async (pressed) => {
    if (sure && !confirm(sure)) return;
    pressed.disabled = true;
    try {
      const { message } = await send(path, body, { method });
      say(`${label}: ${done ?? message}`);
      changed();
    } catch (error) {
      say(`${label}: ${inWords(error)}`, true);
    }
    pressed.disabled = false;
  });
}

export const present = (nodes) => nodes.filter((node) => node !== null);
