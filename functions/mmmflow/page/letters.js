/* Messages that nobody could handle, and requests that were refused. */

import { command, mayChange, present } from "./actions.js";
import { byId, empty, show } from "./elements.js";
import { moment, problem } from "./words.js";

const REFUSED = 5;

export function showLetters({ dead_letters: letters, refused }) {
  const items = letters.map((one) => ({ ...one, operator: mayChange() }));
  show(byId("letter-list"), items, "item", ({ id }) => id, letterSlots);
  empty("letters", items.length ? "" : "None: every message was handled.");
  byId("refused").hidden = refused.length === 0;
  show(byId("refused-list"), refused.slice(0, REFUSED), "item",
    ({ kind, key }) => `${kind} ${key}`, refusedSlots);
}

function letterSlots({ id, function: name, topic, reason, ...letter }) {
  const path = `dead-letters/${encodeURIComponent(id)}`;
  const label = `the message to ${name || topic}`;
  return {
    title: `${topic} → ${name || "?"}`,
    state: null,
    bar: null,
    what: reason,
    about: `Given up ${moment(letter.buried_at)}` +
      (letter.deliveries ? ` after ${letter.deliveries} deliveries` : ""),
    actions: present([
      command("Replay", label, `${path}/replay`, { done: "sent again" }),
      command("Discard", label, `${path}/discard`, {
        sure: "Discard this message? It is kept as a record only.",
        done: "discarded",
      }),
    ]),
  };
}

function refusedSlots({ kind, problems, actor, created_at: at }) {
  return {
    title: kind,
    state: null,
    bar: null,
    what: problems.map(problem).join("; "),
    about: `From ${actor}, ${moment(at)}`,
    actions: null,
  };
}
