/* What was found in a dataset: by severity, column by column, and what was
   changed in it. */

import { read } from "./api.js";
import { sparkline } from "./charts.js";
import { badge, element, table } from "./elements.js";
import { openSheet } from "./sheet.js";
import { count, day, money, plural, two, word } from "./words.js";

const LOOKS = { error: "failed", warning: "waiting", info: "running" };

export function openQuality({ id, country }) {
  openSheet(`Data quality of ${country}`, async () => {
    const report = await read(`datasets/${encodeURIComponent(id)}/quality`);
    return [
      about(report),
      ...findings(report.findings),
      ...reasons(report),
      profiles(report.columns),
      ...drivers(report.drivers ?? []),
      ...cleaning(report.cleaning ?? []),
    ];
  });
}

function about({ rows, interval, start, end, raw_rows: raw, design }) {
  const held = design?.observations_band
    ? `; ${plural(design.observations, "observation")} for` +
      ` ${plural(design.drivers, "driver")}: ${design.observations_band}`
    : "";
  const of = raw === undefined ? "" : `, from ${plural(raw, "row")}`;
  return element("p", {
    textContent: `${plural(rows, interval)}, ${day(start)} to ${day(end)}` +
      `${of}${held}.`,
  });
}

function findings(found) {
  if (!found.length) {
    return [element("p", {
      className: "notice good", textContent: "Nothing was found to be wrong.",
    })];
  }
  const list = element("ul", { className: "findings" });
  list.append(...found.map(({ severity, column, what, hint, where }) => {
    const item = element("li", {});
    const place = [column, where].filter(Boolean).join(", ");
    item.append(badge(severity, LOOKS[severity]),
      ` ${place ? `${place}: ` : ""}${what}`);
    if (hint) {
      item.append(element("span", { className: "quiet", textContent: hint }));
    }
    return item;
  }));
  return [element("h3", { textContent: "Findings" }), list];
}

function reasons({ unmodellable = {}, left_out: left = [] }) {
  const texts = [
    ...Object.entries(unmodellable).map(([goal, why]) =>
      `No model of ${goal}: ${why}`),
    ...left.map(({ column, reason }) => `${column} is left out: ${reason}`),
  ];
  return texts.map((textContent) => element("p", { textContent }));
}

function profiles(columns) {
  return table(
    "Columns; the line is the mean over time",
    ["Column", "Meaning", "Over time", "Mean", "Least", "Most", "Zeros",
      "Empty"],
    columns.map((column) => [
      column.name, word(column.category),
      column.bins ? sparkline(column.bins) : levels(column),
      money(column.mean), money(column.minimum), money(column.maximum),
      count(column.zeros), count(column.nulls),
    ]),
    [3, 4, 5, 6, 7],
  );
}

const levels = ({ levels = [] }) =>
  levels.map(({ level, rows }) => `${level} ${count(rows)}`).join(", ");

function drivers(found) {
  if (!found.length) return [];
  return [table(
    "Drivers beside the goal",
    ["Driver", "Rank correlation", "R² alone", "VIF", "Independence"],
    found.map((one) => [
      one.name, two(one.spearman), two(one.r2), two(one.vif),
      badge(one.vif_band),
    ]),
    [1, 2, 3],
  )];
}

function cleaning(changes) {
  if (!changes.length) return [];
  return [table(
    "What was changed, by which rule",
    ["Column", "Rule", "Cells", "What"],
    changes.map(({ column, rule, count: n, what }) =>
      [column || "the table", rule, count(n), what]),
    [2],
  )];
}
