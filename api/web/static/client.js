// The service over HTTP: one function a call, and every failure as a Problem in plain words.

const TIMEOUT_MS = 15000;

/** What went wrong, in words for a learner. `retryable`: sending the very same request again may help. */
export class Problem extends Error {
  constructor({ title, detail = "", status = 0, errors = [], retryable }) {
    super(title);
    Object.assign(this, { title, detail, status, errors, retryable });
  }
}

/** A random UUID. `crypto.randomUUID` exists only in a secure context; a school's plain-http server is none. */
export function randomId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

const UNREACHABLE = {
  title: "Wayline cannot be reached just now.",
  detail: "Check the internet connection, then try again.",
  retryable: true,
};

async function call(method, path, body) {
  let reply;
  const options = { method, headers: { Accept: "application/json" }, signal: AbortSignal.timeout(TIMEOUT_MS) };
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  try {
    reply = await fetch(path, options);
  } catch {
    throw new Problem(UNREACHABLE);
  }
  let content = null;
  try {
    content = await reply.json();
  } catch {
    // A proxy's page or a reply cut short: the status says what can be said, and a good status without its body does not count.
  }
  if (reply.ok && content) return content;
  throw fromReply(reply.status, content ?? {});
}

function fromReply(status, { title, detail, errors }) {
  if (status === 429) {
    return new Problem({ title: "That was very quick.", detail: "Wait a few seconds, then try again.", status, retryable: true });
  }
  if (status >= 500 || status < 400) {
    return new Problem({ title: "Wayline has a fault just now.", detail: "Try again in a moment.", status, retryable: true });
  }
  return new Problem({ title: errors?.length ? "That could not be taken as it is." : title || "That was not accepted.", detail, status, errors, retryable: false });
}

/** The calls the page makes for one learner. Paths are relative, so that the page works below any prefix. */
export function clientFor(learnerId) {
  const learner = `v1/learners/${encodeURIComponent(learnerId)}`;
  return {
    graph: () => call("GET", "v1/graph"),
    beliefs: () => call("GET", `${learner}/beliefs`),
    recommend: (request) => call("POST", `${learner}/recommendations`, request),
    respond: (response) => call("POST", `${learner}/responses`, response),
  };
}

/** The calls a teacher's page makes. */
export const reviews = {
  queue: (order, limit) => call("GET", `v1/review-queue?limit=${limit}&order=${order}`),
  judge: (reviewId, verdict) => call("POST", `v1/review-queue/${encodeURIComponent(reviewId)}`, verdict),
};
