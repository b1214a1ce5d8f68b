/* The status page: reads the API every two seconds while the page is seen,
   and shows what changed. */

import { NoAnswerError, Route, ServerError } from "./api.js";
import { readDetails, showChampions } from "./champions.js";
import { showDatasets } from "./datasets.js";
import { byId } from "./elements.js";
import {
  ACTIVE, MOST, chooseList, readExperiments, showExperiments,
} from "./experiments.js";
import { listen } from "./form.js";
import { clock } from "./words.js";

const EVERY = 2000;

const championsRoute = new Route("champions");
const datasetsRoute = new Route("datasets");

async function refresh() {
  const [{ champions }, list, { datasets }] = await Promise.all([
    championsRoute.read(), readExperiments(), datasetsRoute.read(),
  ]);
  const active = list.experiments.filter(({ state }) => ACTIVE.includes(state));
  document.title = active.length
    ? `${active.length} running – mmmflow`
    : "mmmflow";
  showExperiments(list, champions, datasets);
  showDatasets(datasets);
  showChampions(champions, active.length > 0);
  await readDetails(champions);
  showChampions(champions, active.length > 0);
}

let timer = 0;
let busy = false;
let again = false;
let answered = null;

/** Read and show everything, and again in two seconds while it is seen. */
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
  if (!document.hidden) timer = setTimeout(poll, again ? 0 : EVERY);
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

listen(poll, describe);
byId("state").addEventListener("change", () => {
  chooseList();
  poll();
});
byId("more").addEventListener("click", () => {
  chooseList(MOST);
  poll();
});
document.addEventListener("visibilitychange", poll);
poll();
