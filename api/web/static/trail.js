// The last answers of this session as signs, with their concepts.

import { html } from "./vendor/standalone.module.js";

const WORDS = { right: "right", "not-yet": "not yet", partly: "partly right", provisional: "provisional", read: "read" };
const WAVE = "M5.5 11 q2.2 -3.4 4.5 -1 t4.5 -1";
const STROKES = {
  right: "M6 10.5 L9 13.5 L14.5 7", "not-yet": "M6.5 10 H13.5", provisional: WAVE, partly: WAVE,
  read: "M6.5 7.5 h7 M6.5 10 h7 M6.5 12.5 h4",
};

export function VerdictSign({ verdict }) {
  return html`<svg class="verdict-sign verdict-${verdict}" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
    <circle cx="10" cy="10" r="9" /><path d=${STROKES[verdict]} /></svg>`;
}

/** Answers to the same concept in a row stand together. */
function runs(trail) {
  const found = [];
  for (const one of trail) {
    if (found.at(-1)?.title === one.title) found.at(-1).answers.push(one);
    else found.push({ title: one.title, answers: [one] });
  }
  return found;
}

export function Trail({ trail }) {
  if (!trail.length) return null;
  const right = trail.filter((one) => one.verdict === "right").length;
  const judged = trail.filter((one) => ["right", "partly", "not-yet"].includes(one.verdict)).length;
  return html`<section class="trail" aria-labelledby="trail-title">
    <h2 id="trail-title">This session${right > 0 && html` <span class="small">${right} of the last ${judged} right</span>`}</h2>
    <ol>${runs(trail).map(({ title, answers }) => html`<li key=${answers[0].id}>
      ${answers.map(({ id, verdict }) => html`<${VerdictSign} key=${id} verdict=${verdict} />`)}
      <span>${title}<span class="hidden">: ${answers.map(({ verdict }) => WORDS[verdict]).join(", ")}</span></span></li>`)}</ol>
  </section>`;
}
