/* The JSON API. */

export const API = "api/v1";
const GIVE_UP = 10000;

export class NoAnswerError extends Error {}
export class ServerError extends Error {}

export async function ask(path, options) {
  const signal = AbortSignal.timeout(GIVE_UP);
  try {
    return await fetch(`${API}/${path}`, { signal, ...options });
  } catch (error) {
    throw new NoAnswerError(error.message);
  }
}

/** What a route answers now. Throws NoAnswerError, ServerError. */
export const read = async (path) => (await answer(await ask(path))).data;

/** Ask for a change, or for an answer to a question. As `read`. */
export async function send(path, body = {}, { method = "POST", key } = {}) {
  const headers = { "Content-Type": "application/json" };
  if (key) headers["Idempotency-Key"] = key;
  const options = { method, headers, body: JSON.stringify(body) };
  return answer(await ask(path, options));
}

/** One key for one wish: a repeat after a lost answer makes nothing twice. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

/** A route that is asked again and again: an unchanged one costs little. */
export class Route {
  constructor(path) {
    this.path = path;
    this.data = null;
    this.etag = null;
  }

  async read() {
    // The first time, what the document has preloaded is taken.
    const again = { cache: "no-store", headers: { "If-None-Match": this.etag } };
    const response = await ask(this.path, this.etag ? again : {});
    if (response.status !== 304) {
      this.data = (await answer(response)).data;
      this.etag = response.headers.get("ETag");
    }
    return this.data;
  }
}

/** The body of an answer. Throws ServerError, with the server's problems. */
export async function answer(response) {
  const body = await response.json().catch(() => null);
  if (response.ok && body) return body;
  const what = body?.message || `${response.status} ${response.statusText}`;
  const problems = body?.error?.problems ?? [];
  throw Object.assign(new ServerError(what), { problems });
}

export const of = (id) => `experiments/${encodeURIComponent(id)}`;

export const fileUrl = (id, name) =>
  `${API}/${of(id)}/files/` + name.split("/").map(encodeURIComponent).join("/");
