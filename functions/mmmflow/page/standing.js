/* Experiments that start whenever a country has new data. */

import { command, mayChange, present } from "./actions.js";
import { byId, empty, show } from "./elements.js";
import { ADSTOCKS, count, moment } from "./words.js";

export function showStanding({ standing }) {
  const items = standing.map((one) => ({ ...one, operator: mayChange() }));
  show(byId("standing-list"), items, "item", ({ id }) => id, standingSlots);
  empty("standing", items.length ? "" :
    "None. “Run on all new data” below makes one: it starts whenever its" +
    " country has new data.");
}

function standingSlots(one) {
  const { id, country, enabled, experiment, last_started: last } = one;
  const name = one.name ?? `Standing experiment of ${country}`;
  const path = `standing/${encodeURIComponent(id)}`;
  const settings = [
    experiment.preset, ADSTOCKS[experiment.adstock],
    one.sweep ? "a sweep" : null,
    one.new_rows_threshold
      ? `from ${count(one.new_rows_threshold)} new rows on` : null,
  ].filter(Boolean).join(", ");
  return {
    title: name,
    state: {
      textContent: enabled ? "on" : "off",
      className: `badge ${enabled ? "succeeded" : ""}`,
    },
    bar: null,
    what: settings ? `${country}: ${settings}` : country,
    about: last?.at ? `Last started ${moment(last.at)}` : "Not started yet",
    actions: present([
      command(enabled ? "Switch off" : "Switch on", name, path, {
        method: "PATCH", body: { enabled: !enabled },
        done: enabled ? "switched off" : "switched on",
      }),
    ]),
  };
}
