/* Batches: how far each is; and a CSV that becomes one. */

import { button, inWords, mayChange, say } from "./actions.js";
import { answer, ask, newKey } from "./api.js";
import { byId, empty, element, points, show } from "./elements.js";
import { count, plural, price, problem, span, time, word } from "./words.js";

const ENDED = ["SUCCEEDED", "FAILED", "SKIPPED", "CANCELLED"];
const PROBLEMS = 20;

export function showBatches({ batches }) {
  show(byId("batch-list"), batches, "item", ({ id }) => id, batchSlots);
  empty("batches", batches.length ? "" :
    "No batches yet. Drop a CSV with one experiment a row below.");
}

function batchSlots({ id, states, experiments, ended, done, batch }) {
  const total = Math.max(batch?.total ?? 0, experiments);
  const parts = Object.entries(states)
    .filter(([, n]) => n > 0)
    .map(([state, n]) => `${count(n)} ${word(state)}`);
  const failed = states.FAILED > 0;
  const [text, look] = done
    ? failed ? ["done, with failures", "failed"] : ["done", "succeeded"]
    : batch?.state === "CREATING" ? ["being made", "waiting"]
    : ["under way", "running"];
  return {
    title: `${count(ended)} of ${plural(total, "experiment")} ended`,
    state: { textContent: text, className: `badge ${look}` },
    bar: { value: total ? ended / total : 0, ariaLabel: `Progress of ${id}` },
    what: parts.join(", "),
    about: batch
      ? `${id}, by ${batch.actor}, ${time(batch.created_at).textContent}`
      : id,
    actions: null,
  };
}

/** Take a file by the field or dropped anywhere on its form. */
export function acceptFile(form, input, take) {
  input.addEventListener("change", () => take(input.files[0] ?? null));
  for (const name of ["dragenter", "dragover"]) {
    form.addEventListener(name, (event) => {
      event.preventDefault();
      form.classList.add("over");
    });
  }
  for (const name of ["dragleave", "drop"]) {
    form.addEventListener(name, () => form.classList.remove("over"));
  }
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    if (!mayChange() || !event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    take(input.files[0]);
  });
}

/** `made` is called when there are new experiments. */
export function listenToBatches(made) {
  const input = byId("batch-file");
  acceptFile(byId("batch-form"), input, (file) => file && plan(file, made));
  byId("batch-form").addEventListener("submit", (e) => e.preventDefault());
}

const post = async (path, body, key) =>
  answer(await ask(path, {
    method: "POST",
    headers: {
      "Content-Type": "text/csv",
      ...(key ? { "Idempotency-Key": key } : {}),
    },
    body,
    signal: AbortSignal.timeout(120_000),
  }));

/** Say what the file would make, and offer to make it. */
async function plan(file, made) {
  const place = byId("batch-plan");
  const list = byId("batch-problems");
  list.replaceChildren();
  place.textContent = `Reading ${file.name}…`;
  try {
    const { data } = await post("batches/dry-run", file);
    const text = `${file.name} makes ${plural(data.experiments, "experiment")}:` +
      ` about ${span(data.seconds)},` +
      ` ${price(data.cost, data.currency)} by list prices.`;
    const key = newKey();
    const start = button(
      `Start ${plural(data.experiments, "experiment")}`, `of ${file.name}`,
      (pressed) => make(file, key, pressed, made),
    );
    start.classList.remove("plain");
    place.replaceChildren(element("p", { textContent: text }), start);
  } catch (error) {
    showProblems(place, list, file, error);
  }
}

async function make(file, key, pressed, made) {
  const place = byId("batch-plan");
  pressed.disabled = true;
  try {
    const { message } = await post("batches", file, key);
    place.textContent = `${file.name}: ${message}.`;
    byId("batch-file").value = "";
    say(message);
    made();
  } catch (error) {
    pressed.disabled = false;
    showProblems(place, byId("batch-problems"), file, error);
  }
}

function showProblems(place, list, file, error) {
  const problems = error.problems ?? [];
  place.textContent = problems.length
    ? `Nothing is made of ${file.name}: mend it, and choose it again.`
    : `${inWords(error)}.`;
  const texts = problems.slice(0, PROBLEMS).map(problem);
  const more = problems.length - texts.length;
  if (more > 0) texts.push(`and ${plural(more, "problem")} more`);
  list.replaceChildren(...points(texts));
}
