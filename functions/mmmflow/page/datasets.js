/* The datasets, and what is wrong with them. */

import { button, present } from "./actions.js";
import { byId, element, empty, points, show } from "./elements.js";
import { openQuality } from "./quality.js";
import { count, problem, time } from "./words.js";

const STATES = {
  REQUESTED: ["running", "being extracted"],
  EXTRACTED: ["waiting", "waiting"],
  PREPARED: ["succeeded", "ready"],
  FAILED: ["failed", "failed"],
  IMPORTED: ["succeeded", "imported"],
};

export function showDatasets(datasets) {
  show(byId("dataset-rows"), datasets, "dataset", ({ id }) => id, datasetSlots);
  empty("datasets", datasets.length ? "" :
    "No data yet. Drop a CSV or Parquet file into uploads/<country>/, for" +
    " example uploads/DE/weekly.csv, or run “make run” for the sample.");
  const known = [...new Set(datasets.map((one) => one.country))].sort();
  const list = byId("countries");
  if (list.dataset.known !== known.join()) {
    list.dataset.known = known.join();
    list.replaceChildren(...known.map((value) => element("option", { value })));
  }
}

function datasetSlots(dataset) {
  const { id, country, source, state, rows, problems } = dataset;
  const [look, word] = STATES[state];
  const ready = dataset.prepared_with !== null;
  return {
    title: country,
    about: source.upload
      ? `uploads/${source.upload}`
      : source.table ?? source.query,
    actions: present([
      ready ? button("Quality", `${country} ${id}`,
        () => openQuality(dataset)) : null,
    ]),
    state: { textContent: word, className: `badge ${look}` },
    problems: problems.length ? points(problems.map(problem)) : null,
    hint: state === "EXTRACTED"
      ? `No mapping fits yet: metadata/${country}/<version>/` +
        "mapping.json says what its columns mean"
      : null,
    rows: rows === null ? soFar(dataset.progress) : count(rows),
    mapping: dataset.prepared_with ?? "",
    time: time(dataset.created_at),
  };
}

function soFar(progress) {
  if (!progress) return "";
  const of = progress.of === null ? "" : ` of ${count(progress.of)}`;
  return `${count(progress.rows)}${of} so far`;
}
