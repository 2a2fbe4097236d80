// What a grader says of an answer in words, said plainly: the same words for the learner and for the teacher.

import { html } from "./vendor/standalone.module.js";

const LABELS = {
  correct: { word: "Right", tone: "right" },
  partial: { word: "Partly right", tone: "partly" },
  incorrect: { word: "Not yet", tone: "not-yet" },
  // Finer ones, as in the public collections of graded answers (SemEval 2013, task 7).
  partially_correct_incomplete: { word: "Partly right", tone: "partly" },
  contradictory: { word: "Contradicts the model answer", tone: "not-yet" },
  irrelevant: { word: "Beside the point", tone: "not-yet" },
  non_domain: { word: "About something else", tone: "not-yet" },
};
const SURENESS = [[0.9, "very sure"], [0.7, "fairly sure"], [0.5, "not very sure"], [0, "unsure"]];

/** A label in words; graders of other data have labels of their own. */
export const wordOf = (label) => LABELS[label]?.word ?? spelledOut(String(label));

/** "right" | "partly" | "not-yet": how a grade looks. A label nobody here knows is right where the service says so, else it looks like its score. */
export const toneOf = ({ label, score, correct = score >= 0.75 }) => LABELS[label]?.tone ?? (correct ? "right" : score > 0.25 ? "partly" : "not-yet");

/** Whether no fitted grader judged, but the wording alone was compared. */
export const isByWording = ({ grader }) => Boolean(grader?.startsWith("wording"));

export const surenessOf = (confidence) => (SURENESS.find(([from]) => confidence >= from) ?? SURENESS.at(-1))[1];

function spelledOut(label) {
  const words = label.replaceAll(/[_-]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** How sure a grader is: in words, and the same as a small bar. The number is said elsewhere. */
export function Sureness({ who, confidence }) {
  return html`<p class="sureness"><span>${who} is ${surenessOf(confidence)}.</span>
    <svg class="bar sure-bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false">
      <rect class="bar-ground" width="100" height="8" /><rect class="bar-sure" width=${100 * confidence} height="8" /></svg></p>`;
}
