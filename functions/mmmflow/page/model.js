/* A finished model: one-pager, budget, decomposition, response curves. */

import { inWords } from "./actions.js";
import { fileUrl, of, read } from "./api.js";
import { budget } from "./budget.js";
import { curve, signedBar } from "./charts.js";
import { element, fold, make, points, table } from "./elements.js";
import { ADSTOCKS, count, day, fine, money, word } from "./words.js";

const MOST_POINTS = 5000;

/** What is to be seen of an experiment that has succeeded, as its route shows
    it: the parts of a page. */
export function modelParts(details) {
  const { id, summary, files } = details;
  if (!summary) {
    return [element("p", {
      className: "error",
      textContent: "The files of this result are gone: run it again.",
    })];
  }
  const side = element("div", { className: "channels" });
  side.append(budget(details), ...cautions(summary.warnings));
  const below = element("div", { className: "below" });
  below.append(
    fold("Where the goal comes from", (place) =>
      place.append(decomposition(summary))),
    fold("Response curves", (place) => showCurves(place, details)),
    fold(`All ${count(files.length)} files of this run`, (place) =>
      place.append(fileList(id, files))),
  );
  return [onepager(details), side, below];
}

export function aboutModel({ adstock, summary }) {
  const { window, models_evaluated: tried } = summary;
  return (
    `${ADSTOCKS[adstock]} adstock, ${day(window.start)} to` +
    ` ${day(window.end)} (${count(window.periods)} ${window.interval}s),` +
    ` ${count(tried)} models tried`
  );
}

function onepager({ id, country, summary }) {
  const { selected, dep_var: goal } = summary;
  const picture = fileUrl(id, selected.onepager);
  return make("onepager", {
    pictureLink: { href: picture },
    picture: {
      src: picture,
      alt: `One-pager of the model for ${goal} in ${country}:` +
        " decomposition, fit, adstock and response",
    },
    caption: `One-pager of model ${selected.model_id}: open in full size`,
  });
}

function cautions(warnings) {
  if (!warnings.length) return [];
  const box = element("div", { className: "warnings" });
  const list = element("ul", {});
  list.append(...points(warnings));
  const head = "Before these numbers are used";
  box.append(element("p", { textContent: head }), list);
  return [box];
}

function decomposition({ selected, dep_var: goal, window }) {
  const rows = selected.decomposition.toSorted((a, b) => b.share - a.share);
  const shares = rows.map(({ share }) => share);
  const [least, most] = [Math.min(0, ...shares), Math.max(0, ...shares)];
  return table(
    `Parts of ${goal}, ${day(window.start)} to ${day(window.end)}`,
    ["Part", "Contribution", "Share", "As a bar", "Kind"],
    rows.map(({ variable, channel, kind, contribution, share }) => [
      channel ?? variable, money(contribution), fine(share),
      signedBar(share, least, most), word(kind),
    ]),
    [1, 2],
  );
}

async function showCurves(place, { id, summary }) {
  place.textContent = "Reading the curves…";
  const model = summary.selected.model_id;
  const path = `${of(id)}/tables/response_curves?model_id=${model}` +
    `&limit=${MOST_POINTS}`;
  try {
    const { columns, rows } = await read(path);
    const found = rows.map((row) =>
      Object.fromEntries(columns.map((name, i) => [name, row[i]])));
    const planned = new Map((summary.allocation?.channels ?? [])
      .map((row) => [row.channel, row]));
    const grid = element("div", { className: "curves" });
    for (const [channel, points] of Map.groupBy(found, (p) => p.channel)) {
      grid.append(channelCurve(channel, points, planned.get(channel)));
    }
    const per = `per ${summary.window.interval}`;
    place.replaceChildren(element("p", {
      className: "quiet",
      textContent: `Response to spend ${per}. Grey: today; blue: proposed; the curve` +
        " beyond the highest spend in the data is extrapolated.",
    }), grid);
  } catch (error) {
    place.textContent = `${inWords(error)}.`;
  }
}

function channelCurve(channel, found, plan) {
  const marks = plan
    ? [["mark-now", "now"], ["mark-proposed", "proposed"]].map(
        ([name, when]) => ({
          class: name,
          spend: plan[`spend_${when}`],
          response: plan[`response_${when}`],
        }))
    : [];
  const line = found.filter((point) => !point.current);
  const text = plan
    ? `${channel}: ${money(plan.spend_now)} today bring` +
      ` ${money(plan.response_now)}, ${money(plan.spend_proposed)} proposed` +
      ` ${money(plan.response_proposed)}`
    : channel;
  const figure = element("figure", {});
  figure.append(
    curve(`Response curve of ${text}`, line, marks),
    element("figcaption", { className: "quiet", textContent: text }),
  );
  return figure;
}

function fileList(id, files) {
  const list = element("ul", { className: "files" });
  list.append(...files.map((name) => {
    const item = element("li", {});
    item.append(
      element("a", { textContent: name, href: fileUrl(id, name) }),
    );
    return item;
  }));
  return list;
}
