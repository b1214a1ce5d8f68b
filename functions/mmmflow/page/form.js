/* The form that starts an experiment. */

import { answer, ask } from "./api.js";
import { byId } from "./elements.js";

let key = null;

/** `made` is called when there are new experiments; `describe` says in words
    what went wrong. */
export function listen(made, describe) {
  const form = byId("submit");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(form, made, describe);
  });
  form.addEventListener("input", () => {
    key = null;
  });
}

/** One key for one wish: a repeat after a lost answer makes nothing twice. */
function idempotencyKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

async function submit(form, made, describe) {
  const button = form.querySelector("button");
  key ??= idempotencyKey();
  showProblems(form, []);
  byId("form-done").textContent = "";
  button.disabled = true;
  try {
    const experiment = Object.fromEntries(new FormData(form));
    const response = await ask("experiments", {
      method: "POST",
      headers: { "Content-Type": "application/json", "Idempotency-Key": key },
      body: JSON.stringify({ experiment }),
    });
    const { data } = await answer(response);
    key = null;
    const ids = data.experiments.map(({ id }) => id).join(", ");
    byId("form-done").textContent = `Experiment ${ids} is in the list.`;
    made();
  } catch (error) {
    if (error.problems?.length) {
      key = null;
      showProblems(form, error.problems);
    } else {
      const hint = "sending it again makes nothing twice";
      showProblems(form, [{ where: "", what: describe(error), hint }]);
    }
  } finally {
    button.disabled = false;
  }
}

/** Each problem beside its field; the rest below the form. */
function showProblems(form, problems) {
  const rest = [];
  const texts = new Map();
  for (const { where, what, hint } of problems) {
    const text = hint ? `${what} (${hint})` : what;
    const field = where.replace(/^experiment\./, "");
    if (form.elements[field]) texts.set(field, text);
    else rest.push(where ? `${where}: ${text}` : text);
  }
  byId("form-error").textContent = rest.join("; ");
  for (const note of form.querySelectorAll("[data-error]")) {
    const field = note.dataset.error;
    note.textContent = texts.get(field) ?? "";
    form.elements[field].ariaInvalid = texts.has(field) ? "true" : "false";
  }
  const [first] = texts.keys();
  if (first) form.elements[first].focus();
}
