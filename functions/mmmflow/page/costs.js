/* What was paid this month, by day and by category. */

import { columns } from "./charts.js";
import { byId, element, table } from "./elements.js";
import { day, price, word } from "./words.js";

let shown = "";

export function showCosts({ costs }) {
  const content = JSON.stringify(costs);
  if (content === shown) return;
  shown = content;
  const { currency, days, categories, total } = costs;
  if (!days.length) {
    byId("costs").replaceChildren(element("p", {
      className: "quiet",
      textContent: "No bill of this month. On Google Cloud it comes from the" +
        " billing export once a day; on one machine nothing is paid.",
    }));
    return;
  }
  const dearest = days.reduce((a, b) => (a.total > b.total ? a : b));
  const label = `Cost by day; the dearest was ${day(dearest.day)},` +
    ` ${price(dearest.total, currency)}`;
  const rows = Object.entries(categories)
    .sort(([, a], [, b]) => b - a)
    .map(([name, value]) => [word(name), price(value, currency)]);
  byId("costs").replaceChildren(
    element("p", { className: "big", textContent: price(total, currency) }),
    columns(label, days.map((one) => one.total)),
    element("p", { className: "quiet", textContent: `${label}.` }),
    table("By category", ["Category", "Cost"], rows, [1]),
  );
}
