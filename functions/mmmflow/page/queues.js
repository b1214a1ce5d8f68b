/* The queues: how full they are, why one starts nothing, and the brake. */

import { command, mayChange, present } from "./actions.js";
import { byId, show } from "./elements.js";
import { count, price } from "./words.js";

export function showQueues({ queues }) {
  const items = queues.map((queue) => ({ ...queue, operator: mayChange() }));
  show(byId("queues"), items, "queue", ({ name }) => name, queueSlots);
}

function queueSlots(queue) {
  const { name, parallelism, running, queued, held, today, currency } = queue;
  const path = `queues/${encodeURIComponent(name)}`;
  const [word, to] = queue.paused
    ? ["Resume", "resume"]
    : ["Pause", "pause"];
  const cost = today.cost ? `, about ${price(today.cost, currency)}` : "";
  return {
    what:
      `Queue ${name}: ${count(running)} of ${count(parallelism)} slots busy,` +
      ` ${count(queued)} queued; ${count(today.runs)} started today${cost}`,
    held: held ? `Held: ${held.reason}` : null,
    actions: present([command(word, `queue ${name}`, `${path}/${to}`)]),
  };
}
