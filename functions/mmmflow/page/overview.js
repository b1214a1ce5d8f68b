/* How everything stands, in a row of numbers that lead to their part. */

import { byId, show } from "./elements.js";
import { count, price } from "./words.js";

export function showTiles({ queues, experiments, next, ...rest }) {
  const sum = (field) => queues.reduce((total, one) => total + one[field], 0);
  const failed = experiments.filter(({ state }) => state === "FAILED").length;
  const { total, currency } = rest.costs;
  const tiles = [
    ["running", count(sum("running")), "experiments",
      sum("running") ? "busy" : ""],
    ["queued", count(sum("queued")), "experiments", ""],
    ["waiting", count(sum("waiting")), "experiments", ""],
    [next ? "failed lately" : "failed", count(failed), "experiments",
      failed ? "bad" : ""],
    ["undelivered", count(rest.dead_letters.length), "letters",
      rest.dead_letters.length ? "bad" : ""],
    ["this month", price(total, currency), "cost", ""],
  ];
  show(byId("tiles"), tiles, "tile", ([label]) => label,
    ([label, value, place, className]) => ({
      link: { href: `#${place}`, className },
      value,
      label,
    }));
}
