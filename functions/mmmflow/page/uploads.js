/* Data that a person uploads: by a signed URL, straight into the bucket. */

import { inWords } from "./actions.js";
import { send } from "./api.js";
import { acceptFile } from "./batches.js";
import { byId } from "./elements.js";
import { problem } from "./words.js";

const TYPES = [
  [".csv", "text/csv"],
  [".gz", "application/gzip"],
  [".parquet", "application/vnd.apache.parquet"],
];

export function listenToUploads(made) {
  const form = byId("upload-form");
  acceptFile(form, byId("upload-file"), (file) => {
    byId("upload-done").textContent = file
      ? `${file.name} is chosen: it is not sent yet.`
      : "";
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    const [file] = byId("upload-file").files;
    const country = byId("upload-country").value.trim();
    byId("upload-error").textContent = "";
    if (!country || !file) {
      byId("upload-error").textContent = country
        ? "Choose a file."
        : "Say which country the data is of.";
      byId(country ? "upload-file" : "upload-country").focus();
      return;
    }
    button.disabled = true;
    await upload(country, file, made);
    button.disabled = false;
  });
}

async function upload(country, file, made) {
  const done = byId("upload-done");
  done.textContent = `Sending ${file.name}…`;
  try {
    const { data } = await send("uploads", {
      country,
      file: file.name,
      size: file.size,
      content_type:
        TYPES.find(([end]) => file.name.endsWith(end))?.[1] ??
        "application/octet-stream",
    });
    const { url, method, headers } = data;
    const answer = await fetch(url, { method, headers, body: file });
    if (!answer.ok) throw new Error(`The bucket answers ${answer.status}`);
    done.textContent = `${file.name} is there: it appears under Data.`;
    byId("upload-file").value = "";
    made();
  } catch (error) {
    const problems = error.problems ?? [];
    done.textContent = "";
    byId("upload-error").textContent = problems.length
      ? problems.map(problem).join("; ")
      : `${inWords(error)}.`;
  }
}
