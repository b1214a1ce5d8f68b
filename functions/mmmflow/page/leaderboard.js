/* The best runs of a country and goal, ranked; and two of them compared. */

import { inWords } from "./actions.js";
import { read } from "./api.js";
import { badge, element, table } from "./elements.js";
import { openSheet } from "./sheet.js";
import {
  count, fine, four, money, outOfSample, three, two,
} from "./words.js";

const SHOWN = 50;

export function openLeaderboard({ country, goal }) {
  const title = `Leaderboard of ${country} · ${goal}`;
  openSheet(title, async () => {
    const name = encodeURIComponent(goal);
    const place = encodeURIComponent(country);
    const { ranking } = await read(`leaderboards/${place}/${name}`);
    const result = element("div", { className: "comparison" });
    result.ariaLive = "polite";
    const lead = element("p", {
      className: "quiet",
      textContent: ranking.length > 1
        ? "Choose two runs to see them side by side."
        : "There is one run so far: a second can be compared with it.",
    });
    return [lead, board(title, ranking, result), result];
  });
}

function board(title, ranking, result) {
  const shown = ranking.slice(0, SHOWN);
  const boxes = shown.map(({ rank, experiment_id: id }) =>
    element("input", {
      type: "checkbox", value: id, ariaLabel: `Compare rank ${rank}`,
    }));
  const chosen = []; // the two that were ticked last
  for (const box of boxes) {
    box.addEventListener("change", () => {
      if (chosen.includes(box)) chosen.splice(chosen.indexOf(box), 1);
      if (box.checked) chosen.push(box);
      if (chosen.length > 2) chosen.shift().checked = false;
      // The better one is what the other is held against.
      const ids = boxes.filter((one) => one.checked).map((one) => one.value);
      if (ids.length === 2) compare(ids[1], ids[0], result);
      else result.replaceChildren();
    });
  }
  return table(
    title,
    ["Compare", "Rank", "Run", "Quality", "NRMSE out of sample", "NRMSE",
      "Adjusted R²", "DECOMP.RSSD", "Models tried"],
    shown.map(({ selected, quality, ...run }, i) => [
      boxes[i], count(run.rank), `${run.experiment_id}`,
      quality ? badge(quality.word) : "–", four(outOfSample(selected).score),
      four(selected.nrmse_train), three(selected.rsq_train),
      three(selected.decomp_rssd), count(run.models_evaluated),
    ]),
    [1, 4, 5, 6, 7, 8],
  );
}

async function compare(before, after, place) {
  place.replaceChildren(element("p", { textContent: "Comparing…" }));
  try {
    const found = await read(`comparisons?before=${before}&after=${after}`);
    place.replaceChildren(...sideBySide(found));
  } catch (error) {
    place.replaceChildren(
      element("p", { className: "error", textContent: `${inWords(error)}.` }),
    );
  }
}

function sideBySide(found) {
  const heads = (first) => [first, "Before", "After"];
  const pair = (one, digits) => [digits(one?.before), digits(one?.after)];
  const { channels, config, fit, budget } = found;
  const parts = [
    element("p", { className: "headline", textContent: found.headline }),
    element("p", {
      className: "quiet",
      textContent: `Before: ${found.previous_experiment_id}; after:` +
        ` ${found.experiment_id}`,
    }),
    table("Fit", heads("Measure"),
      fit.map((one) => [one.measure, ...pair(one, four)]), [1, 2]),
    table(
      "Channels",
      ["Channel", "Share before", "Share after", "ROAS before", "ROAS after",
        "Proposed before", "Proposed after"],
      channels.map((one) => [
        one.channel, ...pair(one.share, fine), ...pair(one.roas, two),
        ...pair(one.spend_proposed, money),
      ]),
      [1, 2, 3, 4, 5, 6],
    ),
    table("Proposed budget", heads("Of the proposal"), [
      ["Gain", ...pair(budget.gain, fine)],
      ["Total budget", ...pair(budget.total_budget, money)],
    ], [1, 2]),
  ];
  if (config.length) {
    parts.push(table("What was asked for differently", heads("Setting"),
      config.map((one) => [one.path, text(one.before), text(one.after)])));
  }
  return parts;
}

const text = (value) =>
  value == null ? "–" : typeof value === "string" ? value :
    JSON.stringify(value);
