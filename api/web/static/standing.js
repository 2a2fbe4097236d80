// Where a concept stands for the learner: its words, its sign, its count.

import { html } from "./vendor/standalone.module.js";

/** From furthest to least far; the order of legend, table and progress. */
export const STANDINGS = {
  mastered: { word: "Mastered", meaning: "needs no more practice" },
  known: { word: "Known", meaning: "well enough to build on" },
  faded: { word: "Due for review", meaning: "known once, fading" },
  ready: { word: "Ready to learn", meaning: "all it needs is known" },
  blocked: { word: "Later", meaning: "needs other concepts first" },
};

export const standingOf = (belief) => (belief && belief.standing in STANDINGS ? belief.standing : "blocked");
export const countsAsKnown = (belief) => ["known", "mastered"].includes(standingOf(belief));

/** 0.424 → "42 %" with a narrow space that does not break. */
export const percent = (probability) => `${Math.round(100 * probability)}\u202f%`;

const SHAPES = {
  mastered: html`<polygon points="5,2 15,2 19.5,10 15,18 5,18 0.5,10" />`,
  known: html`<circle cx="10" cy="10" r="8" />`,
  faded: html`<polygon points="10,1 19,10 10,19 1,10" /><polygon class="half" points="10,1 19,10 10,19" />`,
  ready: html`<circle cx="10" cy="10" r="7" />`,
  blocked: html`<circle cx="10" cy="10" r="7" />`,
};

/** The same sign as on the map; the word stands beside it, so it is hidden from screen readers. */
export function StandingSign({ standing }) {
  return html`<svg class="sign sign-${standing}" viewBox="0 0 20 20" aria-hidden="true" focusable="false">${SHAPES[standing]}</svg>`;
}

export function Legend() {
  return html`<ul class="legend" aria-label="Signs on the map">
    ${Object.entries(STANDINGS).map(([standing, { word, meaning }]) => html`
      <li key=${standing} title=${meaning}><${StandingSign} standing=${standing} />${word}</li>`)}
  </ul>`;
}

/** All concepts that must be known for the goals, the goals included; every concept where there is no goal. */
export function towardGoals(graph) {
  const goals = graph.goals ?? [];
  if (!goals.length) return graph.concepts.map((concept) => concept.concept_id);
  const needed = new Map();
  for (const { source_id, target_id, kind } of graph.edges) {
    if (kind === "prerequisite") needed.set(target_id, [...(needed.get(target_id) ?? []), source_id]);
  }
  const found = new Set(goals);
  for (const concept of found) (needed.get(concept) ?? []).forEach((source) => found.add(source)); // grows while walked
  return [...found];
}
