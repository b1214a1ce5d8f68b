/* The status page: reads the API every two seconds and shows what changed.
   Text of the server only ever becomes text: there is no markup in here, it
   stands in the templates of index.html. */

const API = "api/v1";
const EVERY = 2000;
const GIVE_UP = 10000;
const PAGE = 50;
const MOST = 200;
const OPEN = 3; // more champions than this come folded
const ACTIVE = ["RUNNING", "LAUNCHING"];
const PENDING = ["QUEUED", "WAITING"];
const STEPS = {
  prepare: ["Preparing the data", 0.05],
  search: ["Searching", 0.1],
  select: ["Selecting the best model", 0.8],
  output: ["Writing tables and pictures", 0.9],
  done: ["Storing the results", 1],
};
const DATASETS = {
  REQUESTED: ["running", "being extracted"],
  EXTRACTED: ["waiting", "waiting"],
  PREPARED: ["succeeded", "ready"],
  FAILED: ["failed", "failed"],
};
const ADSTOCKS = {
  geometric: "Geometric",
  weibull_cdf: "Weibull CDF",
  weibull_pdf: "Weibull PDF",
};

const byId = (id) => document.getElementById(id);

// ---- numbers and words ----

const formatter = (options) => {
  const format = new Intl.NumberFormat("en", options);
  return (value) => (value == null ? "–" : format.format(value));
};
const count = formatter({ maximumFractionDigits: 0 });
const few = formatter({
  minimumSignificantDigits: 3,
  maximumSignificantDigits: 3,
});
const money = (value) => (Math.abs(value) < 100 ? few : count)(value);
const places = (digits) =>
  formatter({ minimumFractionDigits: digits, maximumFractionDigits: digits });
const [two, three, four] = [places(2), places(3), places(4)];
const change = (digits) =>
  formatter({
    style: "percent",
    signDisplay: "exceptZero",
    maximumFractionDigits: digits,
  });
const [roughly, nearly] = [change(0), change(1)];
const dates = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });
const moments = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});
const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

const word = (name) => name.toLowerCase().replaceAll("_", " ");
const day = (text) => dates.format(new Date(`${text}T00:00`));
const time = (text) => ({
  dateTime: text,
  textContent: moments.format(new Date(text)),
});

function lasted(start, end) {
  const seconds = Math.round((new Date(end) - new Date(start)) / 1000);
  if (seconds < 60) return `took ${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `took ${minutes} min ${seconds % 60} s`;
  return `took ${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

// ---- elements ----

/** A copy of a template. A slot takes a text, an array of nodes, or an object
    of properties; a slot without a value is removed. */
function make(template, slots) {
  const node = byId(template).content.firstElementChild.cloneNode(true);
  for (const place of node.querySelectorAll("[data-slot]")) {
    const value = slots[place.dataset.slot];
    if (value == null) place.remove();
    else if (Array.isArray(value)) place.replaceChildren(...value);
    else if (typeof value === "object") Object.assign(place, value);
    else place.textContent = value;
  }
  return node;
}

function element(name, properties) {
  return Object.assign(document.createElement(name), properties);
}

const points = (texts) =>
  texts.map((textContent) => element("li", { textContent }));

/** Make the parent show these items, touching only what changed. */
function show(parent, items, template, keyOf, slotsOf) {
  const shown = new Map();
  for (const node of [...parent.children]) shown.set(node.dataset.key, node);
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    const content = JSON.stringify(item);
    let node = shown.get(key);
    shown.delete(key);
    if (node === undefined || node.content !== content) {
      const made = make(template, slotsOf(item));
      made.dataset.key = key;
      made.content = content;
      if (node === undefined) parent.insertBefore(made, place);
      else {
        if (node === place) place = made;
        replace(node, made);
      }
      node = made;
    }
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
  }
  for (const node of shown.values()) node.remove();
}

/** Put `made` in the place of `node`; focus and open parts stay. */
function replace(node, made) {
  const parts = "a, summary";
  const focused = [...node.querySelectorAll(parts)].indexOf(
    document.activeElement,
  );
  const open = [...node.querySelectorAll("details")].map((one) => one.open);
  node.replaceWith(made);
  made.querySelectorAll("details").forEach((one, i) => {
    one.open = open[i] ?? one.open;
  });
  made.querySelectorAll(parts)[focused]?.focus();
}

function empty(name, text) {
  const note = document.querySelector(`[data-empty="${name}"]`);
  if (note.textContent !== text) note.textContent = text;
  note.hidden = text === "";
  const table = note.previousElementSibling;
  table.hidden = text !== "";
}

const SVG = "http://www.w3.org/2000/svg";

/** Two bars, today's spend above the proposed one. */
function bars(now, proposed, most) {
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("aria-hidden", "true");
  [["now", now], ["proposed", proposed]].forEach(([name, value], row) => {
    const bar = document.createElementNS(SVG, "rect");
    bar.setAttribute("class", name);
    bar.setAttribute("y", row * 9);
    bar.setAttribute("height", 7);
    bar.setAttribute("rx", 2);
    bar.setAttribute("width", `${most > 0 ? (100 * value) / most : 0}%`);
    picture.append(bar);
  });
  return picture;
}

// ---- the API ----

class NoAnswerError extends Error {}
class ServerError extends Error {}

async function ask(path, options) {
  const signal = AbortSignal.timeout(GIVE_UP);
  try {
    return await fetch(`${API}/${path}`, { ...options, signal });
  } catch (error) {
    throw new NoAnswerError(error.message);
  }
}

/** A route that is asked again and again: an unchanged one costs little. */
class Route {
  constructor(path) {
    this.path = path;
    this.data = null;
    this.etag = null;
  }

  async read() {
    const response = await ask(this.path, {
      cache: "no-store",
      headers: this.etag ? { "If-None-Match": this.etag } : {},
    });
    if (response.status !== 304) {
      this.data = (await answer(response)).data;
      this.etag = response.headers.get("ETag");
    }
    return this.data;
  }
}

/** The body of an answer. Throws ServerError, with the server's problems. */
async function answer(response) {
  const body = await response.json().catch(() => null);
  if (response.ok && body) return body;
  const what = body?.message || `${response.status} ${response.statusText}`;
  const problems = body?.error?.problems ?? [];
  throw Object.assign(new ServerError(what), { problems });
}

const fileUrl = (id, name) =>
  `${API}/experiments/${encodeURIComponent(id)}/files/` +
  name.split("/").map(encodeURIComponent).join("/");

// ---- champions ----

function championSlots({ champion, details, open }) {
  const { selected, folder, onepager } = champion.result;
  const id = champion.experiment_id;
  const picture = fileUrl(id, onepager.slice(folder.length + 1));
  const { score, kind } = outOfSample(selected);
  const validated = (value, digits) =>
    value === null ? "" : `, ${digits(value)} in validation`;
  return {
    title: `${champion.country} · ${champion.goal}`,
    about: details ? aboutModel(details) : "",
    score: four(score),
    scoreNote: kind,
    nrmse: four(selected.nrmse_train),
    nrmseNote: `in training${validated(selected.nrmse_val, four)}`,
    rsq: three(selected.rsq_train),
    rsqNote: `in training${validated(selected.rsq_val, three)}`,
    rssd: three(selected.decomp_rssd),
    body: { open },
    pictureLink: { href: picture },
    picture: {
      src: picture,
      alt: `One-pager of the best model for ${champion.goal} in` +
        ` ${champion.country}: decomposition, fit, adstock and response`,
    },
    caption: `One-pager of model ${selected.model_id}: open in full size`,
    ...(details
      ? detailSlots(details)
      : { pending: "Reading its channels and budget…" }),
  };
}

/** The NRMSE that ranks a model, and where it was measured. */
function outOfSample({ nrmse_test: test, nrmse_backtest: backtest }) {
  if (test != null) return { score: test, kind: "on the test rows" };
  if (backtest != null) return { score: backtest, kind: "in its backtest" };
  return { score: null, kind: "not measured" };
}

function aboutModel(experiment) {
  const { window, models_evaluated: tried } = experiment.summary;
  return (
    `${ADSTOCKS[experiment.adstock]} adstock, ${day(window.start)} to` +
    ` ${day(window.end)} (${count(window.periods)} ${window.interval}s),` +
    ` ${count(tried)} models tried`
  );
}

function detailSlots({ id, summary, files }) {
  const { allocation, window, warnings, dep_var_type: type } = summary;
  const budget = new Map(
    (allocation?.channels ?? []).map((row) => [row.channel, row]),
  );
  const rows = summary.selected.channels.map((channel) => ({
    ...channel,
    ...budget.get(channel.channel),
    type,
  }));
  const most = Math.max(
    ...rows.map((row) => Math.max(row.spend_now ?? 0, row.spend_proposed ?? 0)),
  );
  return {
    table: {},
    tableCaption: allocation
      ? `Return, and spend per ${window.interval}: today’s and the proposed`
      : "Return; there is no budget proposal for this model",
    return: type === "revenue" ? "ROAS" : "CPA",
    rows: rows.map((row) => make("channel", channelSlots(row, most))),
    ...(allocation ? totalSlots(allocation) : {}),
    caution: warnings.length ? {} : null,
    warnings: points(warnings),
    filesBox: {},
    filesTitle: `All ${count(files.length)} files of this run`,
    files: files.map((name) => {
      const link = element("a", { textContent: name, href: fileUrl(id, name) });
      const item = element("li");
      item.append(link);
      return item;
    }),
  };
}

function channelSlots(row, most) {
  const { spend_now: now, spend_proposed: proposed } = row;
  const planned = now !== undefined;
  return {
    name: row.channel,
    return: row.type === "revenue" ? two(row.roas) : money(row.cpa),
    now: planned ? money(now) : "–",
    proposed: planned ? money(proposed) : "–",
    beyond: row.beyond_observed ? {} : null,
    change: planned ? ratio(proposed, now) : "–",
    bars: planned ? [bars(now, proposed, most)] : "",
  };
}

function totalSlots({ channels, response_now, response_proposed }) {
  const sum = (field) =>
    channels.reduce((total, row) => total + row[field], 0);
  const [now, proposed] = [sum("spend_now"), sum("spend_proposed")];
  const total = ratio(proposed, now);
  const same = Math.abs(proposed - now) < 0.005 * now;
  return {
    foot: {},
    totalNow: money(now),
    totalProposed: money(proposed),
    totalChange: total,
    gainFigure: {},
    gain: response_now > 0 ? nearly(response_proposed / response_now - 1) : "–",
    gainNote: `in response to paid media; spend ${same ? "as today" : total}`,
  };
}

const ratio = (to, from) => (from > 0 ? roughly(to / from - 1) : "–");

// ---- experiments ----

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

function running({ id, engine, progress }) {
  const [what, start] = STEPS[progress?.step] ?? ["Reading its data", 0];
  if (progress?.iteration === undefined) return { what, bar: bar(id, start) };
  const { iteration, iterations, trial, trials, best } = progress;
  // The native engine moves all its trials on together, Robyn one by one.
  const together = engine === "native";
  const trialsDone = together ? 0 : (trial - 1) / trials;
  const share = iteration / iterations / (together ? 1 : trials);
  const searched = (STEPS.select[1] - start) * (trialsDone + share);
  const which = together
    ? `in each of ${trials} trials`
    : `in trial ${trial} of ${trials}`;
  return {
    what: `Iteration ${count(iteration)} of ${count(iterations)} ${which}`,
    hint: best
      ? `Best so far: NRMSE ${four(best.nrmse)},` +
        ` DECOMP.RSSD ${three(best.decomp_rssd)}`
      : null,
    bar: bar(id, start + searched),
  };
}

/** What a waiting experiment waits for, and how to give it. */
function waitsFor({ country, waits_for: waits }, datasets) {
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

// ---- datasets ----

function datasetSlots(dataset) {
  const { source, state, rows, problems } = dataset;
  const [look, word] = DATASETS[state];
  return {
    title: dataset.country,
    about: source.upload
      ? `uploads/${source.upload}`
      : source.table ?? source.query,
    state: { textContent: word, className: `badge ${look}` },
    problems: problems.length
      ? points(problems.map(({ where, what, hint }) =>
          `${where && `${where}: `}${what}${hint && ` (${hint})`}`))
      : null,
    hint: state === "EXTRACTED"
      ? `No mapping fits yet: metadata/${dataset.country}/<version>/` +
        "mapping.json says what its columns mean"
      : null,
    rows: rows === null ? "" : count(rows),
    mapping: dataset.prepared_with ?? "",
    time: time(dataset.created_at),
  };
}

// ---- the whole page ----

const championsRoute = new Route("champions");
const datasetsRoute = new Route("datasets");
const found = new Map(); // what the champions' runs found, by experiment
let limit = PAGE;
let listRoute = new Route(`experiments?limit=${limit}`);
let runningRoutes = ACTIVE.map(
  (state) => new Route(`experiments?state=${state}&limit=${MOST}`),
);

function chooseList() {
  const state = byId("state").value;
  const filter = state && `&state=${state}`;
  listRoute = new Route(`experiments?limit=${limit}${filter}`);
}

/** The list; what runs is in it even where it is older than the rest. */
async function readExperiments() {
  const list = await listRoute.read();
  if (!list.next || byId("state").value) return list;
  const active = await Promise.all(runningRoutes.map((route) => route.read()));
  const all = [list, ...active].flatMap((page) => page.experiments);
  const byKey = new Map(all.toReversed().map((one) => [one.id, one]));
  return { experiments: [...byKey.values()], next: list.next };
}

/** A champion's run has ended: it is read once. */
async function readDetails(champions) {
  const missing = champions
    .map((champion) => champion.experiment_id)
    .filter((id) => !found.has(id));
  await Promise.all(missing.map(async (id) => {
    const route = new Route(`experiments/${encodeURIComponent(id)}`);
    found.set(id, await route.read());
  }));
}

function showChampions(champions, active) {
  const items = champions
    .map((champion) => ({
      champion,
      details: found.get(champion.experiment_id) ?? null,
      open: champions.length <= OPEN,
    }))
    .sort(({ champion: a }, { champion: b }) =>
      `${a.country} ${a.goal}`.localeCompare(`${b.country} ${b.goal}`));
  show(
    byId("champions"), items, "champion",
    ({ champion }) => `${champion.country} ${champion.goal}`, championSlots,
  );
  byId("rule").textContent = champions.length
    ? `Chosen by ${champions[0].rule}`
    : "";
  const start =
    "No model yet. Run “make run” for the sample, or drop a CSV into" +
    " uploads/<country>/ and start an experiment below.";
  const soon = "No model yet: the first appears when a run has succeeded.";
  empty("champions", items.length ? "" : active ? soon : start);
}

function showExperiments({ experiments, next }, champions, datasets) {
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

function showDatasets(datasets) {
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

// ---- the form ----

let key = null;

/** One key for one wish: a repeat after a lost answer makes nothing twice. */
function idempotencyKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

async function submit(event) {
  event.preventDefault();
  const form = event.target;
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
    poll();
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

byId("submit").addEventListener("submit", submit);
byId("submit").addEventListener("input", () => {
  key = null;
});
byId("state").addEventListener("change", () => {
  chooseList();
  poll();
});
byId("more").addEventListener("click", () => {
  limit = MOST;
  chooseList();
  poll();
});
document.addEventListener("visibilitychange", poll);
poll();
