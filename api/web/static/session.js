// The loop of one learner: recommended → answered → judged → next. Holds the state, knows nothing of the screen.

import { clientFor, randomId } from "./client.js";
import { isByWording, toneOf } from "./grading.js";
import { countsAsKnown } from "./standing.js";
import { createStore } from "./store.js";

const TRAIL_LENGTH = 12;

/**
 * phase: "loading" | "answering" | "sending" | "judged" | "nothing" (no item, see `infeasible`)
 * round: how many items were recommended since the page opened
 * problem: what failed last, with `problem.retry` where trying again can help
 */
const START = {
  phase: "loading", decision: null, recommendation: null, infeasible: null, outcome: null, problem: null,
  graph: null, graphProblem: null, beliefs: new Map(), trail: [], skipped: [], round: 0,
};

export function createSession(learnerId) {
  const client = clientFor(learnerId);
  const { state, set, subscribe } = createStore({ ...START, trail: loadTrail(learnerId) });
  let asking = false;

  async function loadGraph() {
    set({ graphProblem: null });
    try {
      const [graph, beliefs] = await Promise.all([client.graph(), client.beliefs()]);
      set({ graph, beliefs: merged(state().beliefs, beliefs.beliefs) });
    } catch (problem) {
      set({ graphProblem: problem });
    }
  }

  async function next() {
    if (asking || state().phase === "sending") return;
    asking = true;
    set({ phase: "loading", problem: null });
    const request = { count: 1, ...(state().skipped.length ? { exclude: state().skipped } : {}) };
    try {
      const decision = await client.recommend(request);
      const recommendation = decision.items[0] ?? null;
      set({
        decision, recommendation, round: state().round + 1, outcome: null, infeasible: recommendation ? null : decision.infeasible,
        phase: recommendation ? "answering" : "nothing",
      });
    } catch (problem) {
      set({ problem: { ...described(problem), retry: next } });
    } finally {
      asking = false;
    }
  }

  /** `answer` is the part of the request that the learner gave; see answers.js. */
  function answer(given) {
    if (state().phase !== "answering") return;
    const { decision, recommendation } = state();
    // The id is drawn once per answer: a retry sends the same one, so that the service stores the answer once.
    send({ response_id: randomId(), item_id: recommendation.item_id, decision_id: decision.decision_id, ...given });
  }

  async function send(body) {
    set({ phase: "sending", problem: null });
    try {
      const reply = await client.respond(body);
      settle(body, reply);
    } catch (problem) {
      // After a failure that may be repeated the answer may have been stored: it stays locked and is sent as it was.
      if (problem.retryable) set({ problem: { ...described(problem), detail: `${problem.detail} Your answer is kept on this page.`, retry: () => send(body) } });
      else set({ phase: "answering", problem: described(problem) });
    }
  }

  function settle(body, reply) {
    const before = state().beliefs;
    const beliefs = merged(before, reply.beliefs);
    const judgement = reply.responses.find((one) => one.response_id === body.response_id)?.judgement ?? null;
    const concept = state().recommendation;
    const done = { id: body.response_id, title: concept.concept_title, verdict: signOf(judgement) };
    const trail = [...state().trail, done].slice(-TRAIL_LENGTH);
    saveTrail(learnerId, trail);
    set({ phase: "judged", beliefs, trail, outcome: {
      judgement, given: body, moves: movesOf(reply.beliefs, before, concept.concept_id), ...news(before, beliefs),
    } });
    // A reply may hold only the beliefs it touched; what those opened is asked for, and nobody waits for it.
    if (reply.beliefs.length < beliefs.size) refreshBeliefs(before);
  }

  async function refreshBeliefs(before) {
    const { outcome } = state();
    try {
      const beliefs = merged(state().beliefs, (await client.beliefs()).beliefs);
      const current = state().outcome === outcome;
      set({ beliefs, ...(current ? { outcome: { ...outcome, ...news(before, beliefs) } } : {}) });
    } catch {
      // The map is a little behind until the next answer; the learner need not hear of it.
    }
  }

  return {
    state, subscribe,
    start() { loadGraph(); next(); },
    loadGraph, next, answer,
    skip() {
      if (state().phase !== "answering") return;
      set({ skipped: [...state().skipped, state().recommendation.item_id] });
      next();
    },
    bringBackSkipped() { set({ skipped: [] }); next(); },
  };
}

/** "right" | "not-yet" | "provisional" | "read" (not judged). */
export function verdictOf(judgement) {
  if (!judgement) return "read";
  if (judgement.provisional) return "provisional";
  if (judgement.correct === null || judgement.correct === undefined) return "read";
  return judgement.correct ? "right" : "not-yet";
}

/** The same, but a graded answer looks as it was graded: "right" | "partly" | "not-yet". */
export function lookOf(judgement) {
  return judgement?.grade ? toneOf({ ...judgement.grade, correct: judgement.correct }) : verdictOf(judgement);
}

/** In the trail the wording alone gives no more than a provisional sign. */
const signOf = (judgement) => (judgement?.grade && isByWording(judgement.grade) ? verdictOf : lookOf)(judgement);

function described({ title, detail, errors, retryable }) {
  return { title, detail, errors, retryable };
}

function merged(known, news) {
  const beliefs = new Map(known);
  for (const belief of news ?? []) beliefs.set(belief.concept_id, belief);
  return beliefs;
}

/** The beliefs an answer touched with what they were before, the item's own concept first, then the largest moves. */
function movesOf(touched, known, conceptId) {
  const moves = touched.map((now) => ({ before: now.before ?? known.get(now.concept_id)?.probability, now }));
  const size = ({ before, now }) => Math.abs(now.probability - before);
  return moves.filter(({ before }) => typeof before === "number")
    .sort((a, b) => (b.now.concept_id === conceptId) - (a.now.concept_id === conceptId) || size(b) - size(a));
}

/** What an answer opened and what it made known. */
function news(before, after) {
  const pairs = [...after.values()].filter((now) => before.has(now.concept_id)).map((now) => ({ was: before.get(now.concept_id), now }));
  return {
    opened: pairs.filter(({ was, now }) => was.standing === "blocked" && now.standing === "ready").map(({ now }) => now),
    reached: pairs.filter(({ was, now }) => !countsAsKnown(was) && countsAsKnown(now)).map(({ now }) => now),
  };
}

const trailKey = (learnerId) => `wayline.trail.${learnerId}`;

function loadTrail(learnerId) {
  try {
    return JSON.parse(sessionStorage.getItem(trailKey(learnerId))) ?? [];
  } catch {
    return []; // storage switched off, or not ours
  }
}

function saveTrail(learnerId, trail) {
  try {
    sessionStorage.setItem(trailKey(learnerId), JSON.stringify(trail));
  } catch {
    // The trail is then lost on reload, nothing more.
  }
}
