/* How far a run is, what waits and for what, what came of it. */

import { between, count, four, moment, span, three } from "./words.js";

const STEPS = {
  prepare: ["Preparing the data", 0.05],
  search: ["Searching", 0.1],
  select: ["Selecting the best model", 0.8],
  output: ["Writing tables and pictures", 0.9],
  done: ["Storing the results", 1],
};
const SOON = 0.02; // of the search: too little to say when it ends

/** {what, hint, bar} of an experiment. */
export function outcome(experiment, held) {
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
        what: held
          ? `Held: ${held}`
          : `Waits for a free slot of queue ${queue}`,
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
        hint: result.stability?.sentence ?? null,
      };
    default:
      return { what: "" };
  }
}

const bar = (id, value) => ({ ariaLabel: `Progress of ${id}`, value });

function running({ id, progress, started_at: started }) {
  const [what, start] = STEPS[progress?.step] ?? ["Reading its data", 0];
  if (progress?.iteration === undefined) return { what, bar: bar(id, start) };
  const { iteration, iterations, trials, best } = progress;
  // All trials go on together.
  const searched = iteration / iterations;
  const hints = [
    best && `Best so far: NRMSE ${four(best.nrmse)},` +
      ` DECOMP.RSSD ${three(best.decomp_rssd)}`,
    left(searched, between(started, progress.updated_at)),
  ];
  return {
    what: `Iteration ${count(iteration)} of ${count(iterations)}` +
      ` in each of ${trials} trials`,
    hint: hints.filter(Boolean).join("; ") || null,
    bar: bar(id, start + (STEPS.select[1] - start) * searched),
  };
}

/** Time left, as the search has gone so far. */
function left(searched, seconds) {
  if (searched < SOON || !(seconds > 0)) return null;
  return `about ${span((seconds * (1 - searched)) / searched)} left`;
}

/** What a waiting experiment waits for, and how to give it. */
export function waitsFor({ country, waits_for: waits }, datasets) {
  if (waits?.batch) return "Waits until its batch is complete";
  if (waits?.time) return `Waits until ${moment(waits.time)}`;
  if (waits?.upload) return `Waits for the file uploads/${waits.upload}`;
  if (waits?.data_request) return "Waits for data that was asked for";
  if (waits?.dataset_id) return `Waits for dataset ${waits.dataset_id}`;
  const states = datasets
    .filter((dataset) => dataset.country === country)
    .map((dataset) => dataset.state);
  if (states.includes("EXTRACTED")) {
    return `Waits for a mapping of the data of ${country}: see below`;
  }
  if (states.includes("REQUESTED")) return "Waits for data being extracted";
  return `Waits for data: drop a CSV into uploads/${country}/, or below`;
}
