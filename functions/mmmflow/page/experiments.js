/* What runs, what waits, what came of the rest. */

import { button, command, mayChange, present } from "./actions.js";
import { API, Route, fileUrl, of, read } from "./api.js";
import { byId, element, empty, show } from "./elements.js";
import { modelParts } from "./model.js";
import { outcome, waitsFor } from "./progress.js";
import { openSheet } from "./sheet.js";
import {
  ADSTOCKS, between, count, four, outOfSample, span, three, time, word,
} from "./words.js";

const PAGE = 50;
export const MOST = 200;
export const ACTIVE = ["RUNNING", "LAUNCHING"];
const PENDING = ["QUEUED", "WAITING"];
const TAIL = 12_000; // bytes of a log's end
const LOG_EVERY = 2000;

let limit = PAGE;
let chosen = null;

/** Take up what a person chose to see. */
export function chooseList(most = limit) {
  limit = most;
  const state = byId("state").value;
  const filter = state && `&state=${state}`;
  chosen = state || limit > PAGE
    ? new Route(`experiments?limit=${limit}${filter}`)
    : null;
}

/** What a person chose to see, or what every page shows; what runs is in it
    even where it is older than the rest. */
export async function readExperiments({ experiments, next }) {
  if (!chosen) return { experiments, next };
  const list = await chosen.read();
  if (byId("state").value) return list;
  const all = [...list.experiments, ...experiments];
  const byKey = new Map(all.map((one) => [one.id, one]));
  return { experiments: [...byKey.values()], next: list.next };
}

export function showExperiments({ experiments, next }, overview) {
  const { champions, datasets, queues } = overview;
  const best = new Set(champions.map((one) => one.experiment_id));
  const held = new Map(queues.map((one) => [one.name, one.held?.reason]));
  const items = inOrder(experiments).map((experiment) => ({
    ...experiment,
    best: best.has(experiment.id),
    waits: waitsFor(experiment, datasets),
    held: held.get(experiment.queue) ?? null,
    operator: mayChange(),
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
  const { id, state, result, goal } = experiment;
  const fit = result?.selected;
  const ended = experiment.ended_at;
  return {
    title: `${experiment.country}${goal ? ` · ${goal}` : ""}`,
    best: experiment.best ? {} : null,
    about:
      `${ADSTOCKS[experiment.adstock]},` +
      ` ${count(experiment.iterations)} × ${count(experiment.trials)}`,
    links: links(id, result),
    actions: actions(experiment),
    state: { textContent: word(state), className: `badge ${word(state)}` },
    ...outcome(experiment, experiment.held),
    score: fit ? four(outOfSample(fit).score) : "",
    nrmse: fit ? four(fit.nrmse_train) : "",
    rsq: fit ? three(fit.rsq_train) : "",
    rssd: fit ? three(fit.decomp_rssd) : "",
    time: time(ended ?? experiment.started_at ?? experiment.created_at),
    took: ended && experiment.started_at
      ? `took ${span(between(experiment.started_at, ended))}`
      : null,
  };
}

function links(id, result) {
  const wanted = [[id, `${API}/${of(id)}`]];
  if (result) {
    const onepager = result.onepager.slice(result.folder.length + 1);
    wanted.push(["one-pager", fileUrl(id, onepager)]);
  }
  return wanted.map(([textContent, href]) => {
    const link = element("a", { textContent, href });
    if (textContent !== id) link.ariaLabel = `${textContent} of ${id}`;
    return link;
  });
}

function actions({ id, country, state, result, attempt }) {
  const ended = ![...ACTIVE, ...PENDING].includes(state);
  const failed = ended && !result;
  return present([
    result ? button("Results", id, () => openModel(id, country)) : null,
    attempt > 0 ? button("Log", id, () => openLog(id)) : null,
    failed ? command("Retry", id, `${of(id)}/retry`) : null,
    ended ? null : command("Cancel", id, `${of(id)}/cancel`, {
      sure: `Cancel experiment ${id} of ${country}?`,
    }),
  ]);
}

function openModel(id, country) {
  openSheet(`Model of ${country}`, async () => {
    const body = element("div", { className: "body" });
    body.append(...modelParts(await read(of(id))));
    return [body];
  });
}

/** The end of the log, which grows as long as the sheet is open. */
function openLog(id) {
  openSheet(`Log of ${id}`, async (isOpen) => {
    const found = await readTail(id);
    const text = element("pre", { textContent: found.text, tabIndex: 0 });
    text.ariaLabel = `Log of ${id}`;
    text.role = "region";
    const whole = element("a", {
      textContent: "The whole log", href: fileUrl(id, "robyn_console.log"),
    });
    const note = element("p", { className: "quiet" });
    note.append(found.size ? whole : "The worker has printed nothing yet.");
    const more = () => setTimeout(async () => {
      if (!isOpen()) return;
      if (!document.hidden) {
        const now = await readTail(id).catch(() => null);
        if (now && now.text !== text.textContent) {
          const atEnd =
            text.scrollTop + text.clientHeight >= text.scrollHeight - 8;
          text.textContent = now.text;
          if (atEnd) text.scrollTop = text.scrollHeight;
        }
      }
      more();
    }, LOG_EVERY);
    more();
    requestAnimationFrame(() => {
      text.scrollTop = text.scrollHeight;
    });
    return [note, text];
  });
}

async function readTail(id) {
  const { size } = await read(`${of(id)}/log?offset=${2 ** 53 - 1}`);
  const from = Math.max(0, size - TAIL);
  const { text } = await read(`${of(id)}/log?offset=${from}`);
  const cut = from ? text.slice(text.indexOf("\n") + 1) : text;
  return { text: cut, size: Math.max(size, text.length) };
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
