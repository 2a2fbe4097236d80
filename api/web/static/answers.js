// What an item asks and what the learner put in: the same for one question and for several.

const STUDIED = new Set(["reading", "worked_example", "video"]);

/** Whether the item is read or watched rather than answered. */
export const isStudied = (item) => STUDIED.has(item.kind);

/** The questions of an item: its steps, itself, or none where there is nothing to answer. */
export function questionsOf(item) {
  if (isStudied(item)) return [];
  return item.kind === "steps" ? item.steps ?? [] : [item];
}

/** The positions of questions still without an answer. */
export const unanswered = (drafts) => drafts.flatMap((draft, position) => (draft.trim() ? [] : [position]));

/** The answer as the service takes it: `answers` for steps, `choice` or `answer_text` else, nothing for a reading. */
export function asResponse(item, drafts) {
  if (isStudied(item)) return {};
  if (item.kind === "steps") return { answers: drafts.map((draft) => draft.trim()) };
  return item.kind === "choice" ? { choice: drafts[0] } : { answer_text: drafts[0].trim() };
}

/** Seconds the page was in view since `start`: a learner who went for lunch did not think for an hour. */
export function createStopwatch() {
  let seen = 0;
  let since = document.hidden ? null : performance.now();
  const onChange = () => {
    if (document.hidden && since !== null) seen += performance.now() - since;
    since = document.hidden ? null : performance.now();
  };
  document.addEventListener("visibilitychange", onChange);
  return {
    seconds: () => Math.round((seen + (since === null ? 0 : performance.now() - since)) / 100) / 10,
    stop: () => document.removeEventListener("visibilitychange", onChange),
  };
}
