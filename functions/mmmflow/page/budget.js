/* The proposed budget against today's, and what another one would bring. */

import { inWords } from "./actions.js";
import { of, send } from "./api.js";
import { bars } from "./charts.js";
import { make } from "./elements.js";
import { money, nearly, roughly, two } from "./words.js";

const PAUSE = 150; // ms without a movement before the model is asked

/** The table of a finished experiment's channels, with its slider. */
export function budget(details) {
  const { summary } = details;
  const { allocation, window } = summary;
  const first = allocation
    ? read(summary, allocation)
    : { rows: summary.selected.channels };
  const label = `Try another budget per ${window.interval}`;
  const node = make("budget", {
    caption: allocation
      ? `Return, and spend per ${window.interval}: today’s and the proposed`
      : "Return; there is no budget proposal for this model",
    return: summary.dep_var_type === "revenue" ? "ROAS" : "CPA",
    rows: channels(summary, first),
    sliderBox: allocation ? {} : null,
    sliderLabel: label,
    slider: { ariaLabel: label },
    ...totals(first),
  });
  if (allocation) listen(node, details, first);
  return node;
}

/** The parts of a proposal that are shown. */
function read(summary, proposal) {
  const plan = new Map(proposal.channels.map((row) => [row.channel, row]));
  const sum = (field) =>
    proposal.channels.reduce((total, row) => total + row[field], 0);
  return {
    rows: summary.selected.channels.map((channel) => ({
      ...channel, ...plan.get(channel.channel),
    })),
    now: sum("spend_now"),
    proposed: sum("spend_proposed"),
    gain: proposal.response_now > 0
      ? proposal.response_proposed / proposal.response_now - 1
      : null,
  };
}

function channels({ dep_var_type: type }, { rows }) {
  const most = Math.max(
    ...rows.map((row) => Math.max(row.spend_now ?? 0, row.spend_proposed ?? 0)),
  );
  return rows.map((row) => {
    const { spend_now: now, spend_proposed: proposed } = row;
    const planned = now !== undefined;
    return make("channel", {
      name: row.channel,
      return: type === "revenue" ? two(row.roas) : money(row.cpa),
      now: planned ? money(now) : "–",
      proposed: planned ? money(proposed) : "–",
      beyond: row.beyond_observed ? {} : null,
      change: planned ? ratio(proposed, now) : "–",
      bars: planned ? [bars(now, proposed, most)] : "",
    });
  });
}

function totals({ now, proposed, gain }) {
  if (now === undefined) return {};
  return {
    foot: {},
    totalNow: money(now),
    totalProposed: money(proposed),
    totalChange: ratio(proposed, now),
    gain: gainText(gain),
    said: money(proposed),
  };
}

const gainText = (gain) =>
  gain === null ? "" : `${nearly(gain)} response to paid media`;

function listen(node, { id, summary }, first) {
  const slider = node.querySelector("input");
  const said = node.querySelector("output");
  const gain = node.querySelector(".gain");
  const interval = summary.window.interval;
  let timer = 0;
  let asked = 0;
  let base = null; // {spend_now of the whole period, periods}

  const ask = async (part) => {
    const own = ++asked;
    const path = `${of(id)}/what-if`;
    try {
      base ??= (await send(path)).data;
      const total_budget = base.spend_now * part;
      const body = { scenario: "max_response", total_budget };
      const { data } = await send(path, body);
      if (own !== asked) return;
      const found = read(summary, data);
      node.querySelector("tbody").replaceChildren(...channels(summary, found));
      const cells = node.querySelectorAll("tfoot td");
      cells[2].textContent = money(found.proposed);
      cells[3].textContent = ratio(found.proposed, found.now);
      gain.textContent = gainText(found.gain);
      gain.classList.remove("error");
    } catch (error) {
      if (own !== asked) return;
      gain.textContent = `${inWords(error)}.`;
      gain.classList.add("error");
    }
  };
  const label = () => {
    const part = slider.valueAsNumber / 100;
    const text = part === 1 ? "as today" : `${roughly(part - 1)} on today’s`;
    said.textContent = `${money(first.now * part)} a ${interval}, ${text}`;
    slider.ariaValueText = said.textContent;
    return part;
  };
  slider.addEventListener("input", () => {
    const part = label();
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE, part);
  });
  slider.value = Math.round((100 * first.proposed) / first.now);
  label();
}

const ratio = (to, from) => (from > 0 ? roughly(to / from - 1) : "–");
