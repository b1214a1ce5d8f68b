/* What runs, what waits and for what, what came of the rest. */

import { API, Route, fileUrl } from "./api.js";
import { byId, element, empty, show } from "./elements.js";
import {
  ADSTOCKS, count, four, lasted, outOfSample, three, time, word,
} from "./words.js";

const PAGE = 50;
export const MOST = 200;
export const ACTIVE = ["RUNNING", "LAUNCHING"];
const PENDING = ["QUEUED", "WAITING"];
const STEPS = {
  prepare: ["Preparing the data", 0.05],
  search: ["Searching", 0.1],
  select: ["Selecting the best model", 0.8],
  output: ["Writing tables and pictures", 0.9],
  done: ["Storing the results", 1],
};

let limit = PAGE;
let listRoute = new Route(`experiments?limit=${limit}`);
const activeRoutes = ACTIVE.map(
  (state) => new Route(`experiments?state=${state}&limit=${MOST}`),
);

/** Take up what a person chose to see. */
export function chooseList(most = limit) {
  limit = most;
  const state = byId("state").value;
  const filter = state && `&state=${state}`;
  listRoute = new Route(`experiments?limit=${limit}${filter}`);
}

/** The list; what runs is in it even where it is older than the rest. */
export async function readExperiments() {
  const list = await listRoute.read();
  if (!list.next || byId("state").value) return list;
  const active = await Promise.all(activeRoutes.map((route) => route.read()));
  const all = [list, ...active].flatMap((page) => page.experiments);
  const byKey = new Map(all.toReversed().map((one) => [one.id, one]));
  return { experiments: [...byKey.values()], next: list.next };
}

export function showExperiments({ experiments, next }, champions, datasets) {
  const best = new Set(champions.map((one) => one.experiment_id));
  const items = inOrder(experiments).map((experiment) => ({
    ...experiment,
    best: best.has(experiment.id),
    waits: waitsFor(experiment, datasets),
  }));
  show(
    byId("experiment-rows"), items, "experiment", ({ id }) => id,
    experimentSlots,
  );
  byId("tally").textContent = tally(items) + (next ? " and older ones" : "");
  byId("more").hidden = !next || limit >= MOST;
  const none = byId("state").value
    ? "No experiment is in this state."
    : "No experiments yet. Start one below, or run “make run” for the sample.";
  empty("experiments", items.length ? "" : none);
}

function experimentSlots(experiment) {
  const { id, state, result, attempt, goal } = experiment;
  const fit = result?.selected;
  const ended = experiment.ended_at;
  return {
    title: `${experiment.country}${goal ? ` · ${goal}` : ""}`,
    best: experiment.best ? {} : null,
    about:
      `${ADSTOCKS[experiment.adstock]},` +
      ` ${count(experiment.iterations)} × ${count(experiment.trials)}`,
    links: links(id, result, attempt),
    state: { textContent: word(state), className: `badge ${word(state)}` },
    ...outcome(experiment),
    score: fit ? four(outOfSample(fit).score) : "",
    nrmse: fit ? four(fit.nrmse_train) : "",
    rsq: fit ? three(fit.rsq_train) : "",
    rssd: fit ? three(fit.decomp_rssd) : "",
    time: time(ended ?? experiment.started_at ?? experiment.created_at),
    took: ended && experiment.started_at
      ? lasted(experiment.started_at, ended)
      : null,
  };
}

function links(id, result, attempt) {
  const wanted = [[id, `${API}/experiments/${encodeURIComponent(id)}`]];
  if (result) {
    const onepager = result.onepager.slice(result.folder.length + 1);
    wanted.push(["one-pager", fileUrl(id, onepager)]);
  }
  if (attempt > 0) wanted.push(["log", fileUrl(id, "robyn_console.log")]);
  return wanted.map(([textContent, href]) => {
    const link = element("a", { textContent, href });
    if (textContent !== id) link.ariaLabel = `${textContent} of ${id}`;
    return link;
  });
}

/** What an experiment does, waits for, or came to. */
function outcome(experiment) {
  const { id, state, error, result, queue, tries } = experiment;
  if (error) {
    const step = error.step ? `${error.step}: ` : "";
    return { what: step + error.error, hint: error.hint || null };
  }
  switch (state) {
    case "WAITING":
      return { what: experiment.waits };
    case "QUEUED":
      return {
        what: `Waits for a free slot of queue ${queue}`,
        hint: tries ? `Try ${tries + 1} of ${experiment.max_tries}` : null,
      };
    case "LAUNCHING":
      return { what: "The worker is starting", bar: bar(id, 0) };
    case "RUNNING":
      return running(experiment);
    case "SUCCEEDED":
      return {
        what:
          `${count(result.models_evaluated)} models tried,` +
          ` ${count(result.pareto_models)} on the Pareto fronts`,
      };
    default:
      return { what: "" };
  }
}

const bar = (id, value) => ({ ariaLabel: `Progress of ${id}`, value });

function running({ id, progress }) {
  const [what, start] = STEPS[progress?.step] ?? ["Reading its data", 0];
  if (progress?.iteration === undefined) return { what, bar: bar(id, start) };
  const { iteration, iterations, trials, best } = progress;
  // All trials go on together.
  const searched = (STEPS.select[1] - start) * (iteration / iterations);
  return {
    what: `Iteration ${count(iteration)} of ${count(iterations)}` +
      ` in each of ${trials} trials`,
    hint: best
      ? `Best so far: NRMSE ${four(best.nrmse)},` +
        ` DECOMP.RSSD ${three(best.decomp_rssd)}`
      : null,
    bar: bar(id, start + searched),
  };
}

/** What a waiting experiment waits for, and how to give it. */
function waitsFor({ country, waits_for: waits }, datasets) {
  if (waits?.batch) return "Waits until its batch is complete";
  if (waits?.time) return `Waits until ${waits.time}`;
  if (waits?.dataset_id) return `Waits for dataset ${waits.dataset_id}`;
  const states = datasets
    .filter((dataset) => dataset.country === country)
    .map((dataset) => dataset.state);
  if (states.includes("EXTRACTED")) {
    return `Waits for a mapping of the data of ${country}: see below`;
  }
  if (states.includes("REQUESTED")) return "Waits for data being extracted";
  return `Waits for data: drop a CSV into uploads/${country}/`;
}

/** What runs first, then what waits, then what ended; newest first in each. */
function inOrder(experiments) {
  const group = ({ state }) =>
    ACTIVE.includes(state) ? 0 : PENDING.includes(state) ? 1 : 2;
  return experiments.toSorted(
    (a, b) => group(a) - group(b) || (a.id < b.id ? 1 : -1),
  );
}

function tally(experiments) {
  const numbers = new Map();
  for (const { state } of experiments) {
    numbers.set(state, (numbers.get(state) ?? 0) + 1);
  }
  return [...numbers].map(([s, n]) => `${count(n)} ${word(s)}`).join(", ");
}
