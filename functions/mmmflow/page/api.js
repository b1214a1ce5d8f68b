/* The JSON API. */

export const API = "api/v1";
const GIVE_UP = 10000;

export class NoAnswerError extends Error {}
export class ServerError extends Error {}

export async function ask(path, options) {
  const signal = AbortSignal.timeout(GIVE_UP);
  try {
    return await fetch(`${API}/${path}`, { ...options, signal });
  } catch (error) {
    throw new NoAnswerError(error.message);
  }
}

/** A route that is asked again and again: an unchanged one costs little. */
export class Route {
  constructor(path) {
    this.path = path;
    this.data = null;
    this.etag = null;
  }

  async read() {
    const response = await ask(this.path, {
      cache: "no-store",
      headers: this.etag ? { "If-None-Match": this.etag } : {},
    });
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

export const fileUrl = (id, name) =>
  `${API}/experiments/${encodeURIComponent(id)}/files/` +
  name.split("/").map(encodeURIComponent).join("/");
