/* The status page: reads the API while the page is seen, every two seconds
   while something goes on, and shows what changed. */

import { onChange, showPerson } from "./actions.js";
import { NoAnswerError, Route, ServerError } from "./api.js";
import { listenToBatches, showBatches } from "./batches.js";
import { readDetails, showChampions } from "./champions.js";
import { showCosts } from "./costs.js";
import { showDatasets } from "./datasets.js";
import { byId } from "./elements.js";
import {
  ACTIVE, MOST, chooseList, readExperiments, showExperiments,
} from "./experiments.js";
import { listenToForm, showChoices } from "./form.js";
import { showLetters } from "./letters.js";
import { showTiles } from "./overview.js";
import { showQueues } from "./queues.js";
import { listenToSheet } from "./sheet.js";
import { showStanding } from "./standing.js";
import { listenToUploads } from "./uploads.js";
import { clock } from "./words.js";

const EVERY = 2000;
const WHEN_IDLE = 10_000;
const LIVELY = 60_000; // after a change, or a person's act

const route = new Route("overview");
let datasets = [];

/** Read and show everything. */
async function refresh() {
  const before = route.data;
  const overview = await route.read();
  const list = await readExperiments(overview);
  const active = overview.experiments.filter(
    ({ state }) => ACTIVE.includes(state),
  );
  if (overview !== before || active.length) lively();
  document.title = active.length
    ? `${active.length} running – mmmflow`
    : "mmmflow";
  ({ datasets } = overview);
  showPerson(overview.me);
  showTiles(overview);
  showQueues(overview);
  showExperiments(list, overview);
  showBatches(overview);
  showDatasets(datasets);
  showChoices(datasets);
  showStanding(overview);
  showLetters(overview);
  showCosts(overview);
  showChampions(overview.champions, active.length > 0);
  await readDetails(overview.champions);
  showChampions(overview.champions, active.length > 0);
}

let timer = 0;
let busy = false;
let again = false;
let answered = null;
let livelyUntil = 0;

function lively() {
  livelyUntil = Date.now() + LIVELY;
}

/** Refresh, and again after a while as long as it is seen. */
async function poll() {
  clearTimeout(timer);
  again = busy;
  if (busy || document.hidden) return;
  busy = true;
  try {
    await refresh();
    answered = new Date();
    connected("");
  } catch (error) {
    connected(`${describe(error)} This page goes on by itself.`);
  }
  busy = false;
  const pause = Date.now() < livelyUntil ? EVERY : WHEN_IDLE;
  if (!document.hidden) timer = setTimeout(poll, again ? 0 : pause);
}

function describe(error) {
  if (error instanceof ServerError) {
    return `The server answers with an error: ${error.message}.`;
  }
  if (error instanceof NoAnswerError) {
    const since = answered ? ` since ${clock.format(answered)}` : "";
    const start = "on your own machine “make serve” starts it.";
    return `No answer from the server${since}; ${start}`;
  }
  console.error(error);
  return `This page failed: ${error.message}.`;
}

function connected(problem) {
  const notice = byId("outage");
  if (notice.textContent !== problem) notice.textContent = problem;
  notice.hidden = !problem;
  const state = byId("connection");
  const word = problem ? "Disconnected" : "Live";
  if (state.textContent !== word) state.textContent = word;
  state.classList.toggle("lost", Boolean(problem));
}

/** Something was changed here: show what came of it. */
function changed() {
  lively();
  poll();
}

onChange(changed);
listenToForm(changed, describe);
listenToBatches(changed);
listenToUploads(changed);
listenToSheet();
byId("country").addEventListener("input", () => showChoices(datasets));
byId("state").addEventListener("change", () => {
  chooseList();
  poll();
});
byId("more").addEventListener("click", () => {
  chooseList(MOST);
  poll();
});
document.addEventListener("visibilitychange", () => {
  lively();
  poll();
});
lively();
poll();
