/* The best model of each country and goal. */

import { Route, fileUrl } from "./api.js";
import { bars, byId, element, empty, make, points, show } from "./elements.js";
import {
  ADSTOCKS, count, day, four, money, nearly, outOfSample, roughly, three, two,
} from "./words.js";

const OPEN = 3; // more champions than this come folded
const found = new Map(); // what the champions' runs found, by experiment

/** A champion's run has ended: it is read once. */
export async function readDetails(champions) {
  const missing = champions
    .map((champion) => champion.experiment_id)
    .filter((id) => !found.has(id));
  await Promise.all(missing.map(async (id) => {
    const route = new Route(`experiments/${encodeURIComponent(id)}`);
    found.set(id, await route.read());
  }));
}

export function showChampions(champions, active) {
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
