// Requests to the server. Every answer that is no success becomes an Error with the server's words.

export class Refused extends Error {
  constructor(status, answer) {
    super(answer.error || "the request failed");
    this.status = status;
    this.answer = answer;
  }
}

const HEADERS = { "X-Mohart": "1" };

async function answerOf(response) {
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(response.status, answer);
  return answer;
}

async function send(method, path, content) {
  const headers = { ...HEADERS };
  if (content !== undefined) headers["Content-Type"] = "application/json";
  const body = content === undefined ? undefined : JSON.stringify(content);
  let response;
  try {
    response = await fetch(path, { method, headers, body });
  } catch {
    throw new Refused(0, { error: "the server does not answer; is it still running?" });
  }
  return answerOf(response);
}

export const get = (path) => send("GET", path);
export const put = (path, content) => send("PUT", path, content);
export const post = (path, content) => send("POST", path, content);
export const remove = (path) => send("DELETE", path);

export async function frame(video, number, signal) {
  const response = await fetch(`/api/videos/${video}/frames/${number}`, { signal });
  if (!response.ok) return answerOf(response);
  const picture = await createImageBitmap(await response.blob());
  const time = response.headers.get("X-Time");
  return { picture, time: time === null ? null : Number(time) };
}

// An upload with progress: fetch cannot tell how much it has sent.
export function upload(file, onProgress) {
  const request = new XMLHttpRequest();
  const done = new Promise((resolve, reject) => {
    request.open("POST", `/api/videos?name=${encodeURIComponent(file.name.slice(0, 300))}`);
    for (const [name, value] of Object.entries(HEADERS)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => onProgress(event.loaded, event.total);
    request.responseType = "json";
    request.onload = () => {
      const answer = request.response || {};
      if (request.status === 201) resolve(answer);
      else reject(new Refused(request.status, answer));
    };
    request.onerror = () => reject(new Refused(0, { error: "the upload was broken off; try again" }));
    request.onabort = () => reject(new Refused(0, { error: "upload cancelled" }));
    request.send(file);
  });
  return { done, cancel: () => request.abort() };
}
