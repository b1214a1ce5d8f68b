/* The best model of each country and goal. */

import { of, read } from "./api.js";
import { byId, empty, make, show } from "./elements.js";
import { openLeaderboard } from "./leaderboard.js";
import { aboutModel, modelParts } from "./model.js";
import { four, nearly, outOfSample, three, two } from "./words.js";

const OPEN = 3; // more champions than this come folded
const WIDE = matchMedia("(min-width: 60rem)"); // on a phone all do
const found = new Map(); // what the champions' runs found, by experiment

/** A champion's run has ended: it is read once. */
export async function readDetails(champions) {
  const missing = champions
    .map((champion) => champion.experiment_id)
    .filter((id) => !found.has(id));
  await Promise.all(missing.map(async (id) => {
    found.set(id, await read(of(id)));
  }));
}

export function showChampions(champions, active) {
  const items = champions
    .map((champion) => ({
      champion,
      details: found.get(champion.experiment_id) ?? null,
      open: champions.length <= OPEN && WIDE.matches,
    }))
    .sort(({ champion: a }, { champion: b }) =>
      `${a.country} ${a.goal}`.localeCompare(`${b.country} ${b.goal}`));
  show(
    byId("champions"), items, "champion",
    ({ champion }) => `${champion.country} ${champion.goal}`, championSlots,
  );
  const rules = new Set(champions.map(({ rule }) => rule));
  byId("rule").textContent = rules.size === 1
    ? `Chosen by ${champions[0].rule}`
    : "";
  const start =
    "No model yet. Run “make run” for the sample, or drop a CSV into" +
    " uploads/<country>/ and start an experiment below.";
  const soon = "No model yet: the first appears when a run has succeeded.";
  empty("champions", items.length ? "" : active ? soon : start);
}

function championSlots({ champion, details, open }) {
  const { country, goal } = champion;
  const { quality, stability } = champion.result;
  const firm = stability ? ` ${stability.sentence}.` : "";
  const title = `${country} · ${goal}`;
  return {
    title,
    band: bandOf(quality?.word),
    headline: champion.headline ?? null,
    about: details?.summary ? `${aboutModel(details)}.${firm}` : firm,
    figures: figures(champion.result, details?.summary?.allocation),
    board: {
      textContent: "Leaderboard and comparison",
      ariaLabel: `Leaderboard and comparison of ${title}`,
      onclick: () => openLeaderboard(champion),
    },
    body: { open },
    model: details ? modelParts(details) : "Reading its channels and budget…",
  };
}

const bandOf = (word) =>
  word ? { textContent: word, className: `badge ${word}` } : null;

/** The fit, each figure in its band. */
function figures({ selected, quality }, allocation) {
  const bands = new Map(
    (quality?.measures ?? []).map((one) => [one.measure, one]),
  );
  const { score, kind } = outOfSample(selected);
  const validated = (value, digits) =>
    value === null ? "" : `, ${digits(value)} in validation`;
  const figure = (label, value, note, measure) => {
    const band = bands.get(measure);
    return make("figure", {
      label,
      value,
      note,
      band: band ? { ...bandOf(band.word), title: band.why } : null,
    });
  };
  const gap = bands.get("gap");
  const own = [
    figure("NRMSE out of sample", four(score), kind,
      score === null ? "" : "nrmse"),
    figure("NRMSE", four(selected.nrmse_train),
      `in training${validated(selected.nrmse_val, four)}`,
      score === null ? "nrmse" : ""),
    figure("Adjusted R²", three(selected.rsq_train),
      `in training${validated(selected.rsq_val, three)}`, "rsq"),
    gap && figure("Out ÷ in sample", two(gap.value),
      "error on new periods against known", "gap"),
    figure("DECOMP.RSSD", three(selected.decomp_rssd),
      "effect against spend shares", "decomp_rssd"),
  ].filter(Boolean);
  if (!allocation) return own;
  const { response_now: now, response_proposed: proposed } = allocation;
  const gain = now > 0 ? nearly(proposed / now - 1) : "–";
  return [
    ...own,
    figure("Gain of the proposal", gain, "in response to paid media", ""),
  ];
}
