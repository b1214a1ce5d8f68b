/* The form that starts an experiment, now or with all new data. */

import { newKey, send } from "./api.js";
import { byId, element } from "./elements.js";
import { plural, price, span, time } from "./words.js";

let key = null;

/** `made` is called when there are new experiments; `describe` says in words
    what went wrong. */
export function listenToForm(made, describe) {
  const form = byId("submit");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(form, form.querySelector("[type=submit]"), start, made, describe);
  });
  form.addEventListener("input", () => {
    key = null;
  });
  for (const [name, act] of [["estimate", estimate], ["repeat", repeat]]) {
    const pressed = byId(name);
    pressed.addEventListener("click", () =>
      submit(form, pressed, act, made, describe));
  }
}

/** Offer the datasets of the country that is written. */
export function showChoices(datasets) {
  const country = byId("country").value.trim();
  const fit = datasets.filter(
    (one) => one.country === country && one.state !== "FAILED",
  );
  const list = byId("dataset-id");
  const known = fit.map(({ id }) => id).join();
  if (list.dataset.known === known) return;
  list.dataset.known = known;
  const chosen = list.value;
  const [newest] = list.options;
  list.replaceChildren(newest, ...fit.map(({ id, source, created_at: at }) =>
    element("option", {
      value: id,
      textContent: `${source.upload ?? source.table ?? "a query"},` +
        ` ${time(at).textContent}`,
    })));
  list.value = fit.some(({ id }) => id === chosen) ? chosen : "";
}

async function start(experiment) {
  key ??= newKey();
  const { data } = await send("experiments", { experiment }, { key });
  const ids = data.experiments.map(({ id }) => id).join(", ");
  return `Experiment ${ids} is in the list.`;
}

async function estimate(experiment) {
  const { data } = await send("experiments/dry-run", { experiment });
  return (
    `${plural(data.experiments, "experiment")}: about ${span(data.seconds)},` +
    ` ${price(data.cost, data.currency)} by list prices. Nothing is started.`
  );
}

async function repeat({ country, ...experiment }) {
  delete experiment.dataset_id; // it is for data that is yet to come
  key ??= newKey();
  await send("standing", { country, experiment }, { key });
  return `It starts whenever ${country} has new data: see Upkeep.`;
}

async function submit(form, pressed, act, made, describe) {
  showProblems(form, []);
  byId("form-done").textContent = "";
  pressed.disabled = true;
  try {
    const given = [...new FormData(form)].filter(([, value]) => value !== "");
    byId("form-done").textContent = await act(Object.fromEntries(given));
    key = null;
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
    pressed.disabled = false;
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
