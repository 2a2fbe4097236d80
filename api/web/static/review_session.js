// The teacher's queue: shown → judged → next, or back to the last one to change its verdict. Holds the state, knows nothing of the screen.

import { reviews } from "./client.js";
import { createStore } from "./store.js";

const AT_ONCE = 20;
const MOST = 100;

export const ORDERS = { doubtful: "Most doubtful", oldest: "Oldest" };

/**
 * phase: "loading" | "judging" | "sending" | "empty"
 * entries: what waits, the one on show first; one with `replaces` was judged, and that verdict is to be changed; left: ids that were left for later, which do not come again by themselves
 * last: what became of the entry before, as { entry, label, score, beliefs, response_id } or, where no verdict was taken, { entry, sentence }
 * problem: what failed last, with `problem.retry` where trying again can help
 */
const START = { phase: "loading", entries: [], labels: [], waiting: null, threshold: null, left: [], last: null, problem: null, round: 0 };

export function createReview(order) {
  const { state, set, subscribe } = createStore({ ...START, order: order in ORDERS ? order : "doubtful" });
  let asked = 0;

  async function load() {
    const mine = ++asked; // a reply to an older question is not heard
    set({ phase: "loading", problem: null });
    try {
      const queue = await reviews.queue(state().order, Math.min(MOST, AT_ONCE + state().left.length));
      if (mine !== asked) return;
      const { labels, waiting, threshold } = queue;
      show(queue.entries.filter((entry) => !state().left.includes(entry.review_id)), { labels, waiting, threshold });
    } catch (problem) {
      if (mine === asked) set({ problem: { ...described(problem), retry: load } });
    }
  }

  function show(entries, change = {}) {
    set({ ...change, entries, phase: entries.length ? "judging" : "empty", problem: null, round: state().round + 1 });
  }

  /** On to what is known to wait, else to what the service knows. */
  function goOn(change) {
    const entries = state().entries.slice(1);
    if (entries.length) return show(entries, change);
    set({ ...change, entries });
    return load();
  }

  async function send(entry, verdict) {
    set({ phase: "sending", problem: null });
    try {
      const { beliefs, response_id } = await reviews.judge(entry.review_id, { ...verdict, ...(entry.replaces && { replaces: entry.replaces }) });
      goOn({ waiting: stillWaiting(entry), last: { entry, ...verdict, beliefs, response_id } });
    } catch (problem) {
      const sentence = noLonger(problem);
      if (sentence) goOn({ waiting: stillWaiting(entry), last: { entry, sentence } });
      else if (problem.retryable) set({ problem: { ...described(problem), retry: () => send(entry, verdict) } });
      else set({ phase: "judging", problem: described(problem) });
    }
  }

  /** How many wait when this one has been judged: one whose verdict was changed waited no more. */
  const stillWaiting = (entry) => state().waiting - (entry.replaces ? 0 : 1);

  /** Nothing is on its way: a verdict that could not be sent may be sent again or left. */
  const idle = () => state().phase === "judging" || (state().phase === "sending" && state().problem !== null);

  return {
    state, subscribe, load,
    /** `verdict`: { label, teacher, score?, reason? } */
    judge(verdict) {
      if (state().phase === "judging") send(state().entries[0], verdict);
    },
    leave() {
      if (!idle()) return;
      const [{ review_id: id, replaces }] = state().entries;
      goOn({ left: replaces ? state().left : [...state().left, id], last: null });
    },
    /** Show the last one again: what is said of it now takes the place of what was said. */
    change() {
      if (!idle() && state().phase !== "empty") return;
      const { entry, response_id: replaces } = state().last;
      show([{ ...entry, replaces }, ...state().entries], { last: null });
    },
    bringBack() { set({ left: [], last: null }); load(); },
    sortBy(wanted) {
      if (state().phase === "sending" && !idle()) return;
      set({ order: wanted, last: null });
      load();
    },
  };
}

/** Why an answer does not wait any more, as far as a refusal says so; null for every other refusal. */
function noLonger({ status, detail }) {
  if (status === 404 || status === 410) return "That answer is not there any more: its text has been erased. Your verdict was not taken.";
  if (status !== 409) return null;
  return `That answer waits no longer, so your verdict was not taken. ${detail}`.trim();
}

function described({ title, detail, errors }) {
  return { title, detail, errors };
}
