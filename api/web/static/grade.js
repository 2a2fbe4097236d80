// Why an answer in words got its grade: what it shares with a model answer, what is missing, and the numbers for who wants them.

import { html } from "./vendor/standalone.module.js";
import { wordOf } from "./grading.js";
import { Marked } from "./marked.js";
import { Inline } from "./rich_text.js";
import { percent } from "./standing.js";

/** The service's feedback: the sentence first, then one line for each thing that is missing. */
function toldBy({ feedback, grade }) {
  const [sentence = "", ...lines] = String(feedback ?? "").split("\n").map((line) => line.trim()).filter(Boolean);
  const hints = lines.length ? lines : grade.missing.map((part) => `A model answer also says: “${part}”`);
  return { sentence: sentence === `${wordOf(grade.label)}.` ? "" : sentence, hints };
}

export function Grade({ judgement }) {
  const { grade, answer } = judgement;
  const { sentence, hints } = toldBy(judgement);
  return html`
    ${sentence && html`<p class="feedback"><${Inline} text=${sentence} /></p>`}
    ${grade.evidence.length > 0 && html`<div class="evidence"><h4>What fits a model answer</h4>
      <ol class="pairs">${grade.evidence.map(({ said, reference }, position) => html`<li key=${position}>
        <span class="pair-number" aria-hidden="true">${position + 1}</span>
        <span class="pair-said"><span class="small">You said</span> “${said}”</span>
        <span class="pair-arrow" aria-hidden="true">↔</span>
        <span class="pair-reference"><span class="small">The model answer says</span> “<${Inline} text=${reference} />”</span></li>`)}</ol></div>`}
    ${hints.length > 0 && html`<div class="gaps"><h4>What would help</h4>
      <ul>${hints.map((line, position) => html`<li key=${position}><${Inline} text=${line} /></li>`)}</ul></div>`}
    ${answer && html`<div class="gone"><h4>A model answer</h4><p><${ModelAnswer} text=${answer} missing=${grade.missing} /></p></div>`}`;
}

/** What is missing stands out in the model answer; one with formulas is shown as it is. */
function ModelAnswer({ text, missing }) {
  return text.includes("$$") ? html`<${Inline} text=${text} />` : html`<${Marked} text=${text} parts=${missing} />`;
}

export function Numbers({ grade }) {
  const rows = [
    ["How sure", percent(grade.confidence)],
    ["Marks", percent(grade.score)],
    ...Object.entries(grade.probabilities).map(([label, chance]) => [`Chance of “${wordOf(label)}”`, percent(chance)]),
    ...grade.evidence.map(({ likeness }, position) => [`Likeness of pair ${position + 1}`, percent(likeness)]),
    ...(grade.grader ? [["Graded by", grade.grader]] : []),
  ];
  return html`<details class="numbers"><summary>The numbers</summary>
    <dl>${rows.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl></details>`;
}
