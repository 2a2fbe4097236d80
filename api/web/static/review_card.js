// An answer that waits for a teacher: what was asked, what was said, and what the grader made of it.

import { html, useLayoutEffect, useRef } from "./vendor/standalone.module.js";
import { Sureness, wordOf } from "./grading.js";
import { Medium } from "./medium.js";
import { Passage } from "./passage.js";
import { Inline, Paragraphs } from "./rich_text.js";
import { percent } from "./standing.js";

const WHEN = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

export function ReviewCard({ entry, takeFocus }) {
  const { passage, question, media, reference_answers: references, hints, answer_text: answer } = entry;
  const heading = useRef(null);
  useLayoutEffect(() => { // before the answer is on the screen: who sees it can press a key
    if (!takeFocus) return; // a page that opens must not move the focus
    heading.current.focus({ preventScroll: true });
    // From the top of all, where it stands what became of the one before.
    if (heading.current.getBoundingClientRect().top < 0) heading.current.closest("main").scrollIntoView({ block: "start" });
  }, []);
  return html`<article class="item card" aria-labelledby="entry-title" data-review-id=${entry.review_id}>
    <header><p class="item-kind">Learner <span class="learner-id">${entry.learner}</span>${entry.at
      && html`<span class="dot" aria-hidden="true"> · </span><time datetime=${entry.at}>${WHEN.format(new Date(entry.at))}</time>`}</p>
      <h2 id="entry-title" tabindex="-1" ref=${heading}>Is this answer right?</h2></header>
    <${Passage} text=${passage} />
    <section><h3>Question</h3><div class="item-text"><${Paragraphs} text=${question} /></div>
      ${media.map((one) => html`<${Medium} key=${one.url} ...${one} />`)}</section>
    <section class="answer-place"><h3>The learner's answer</h3><p class="said">${answer}</p></section>
    <section><h3>${references.length > 1 ? "Model answers" : "Model answer"}</h3>
      ${references.length ? html`<ul class="references">${references.map((one, position) => html`<li key=${position}><${Inline} text=${one} /></li>`)}</ul>`
        : html`<p>The item has none.</p>`}</section>
    ${hints.length > 0 && html`<details class="numbers"><summary>Hints the learner could open (${hints.length})</summary>
      <ol class="hint-list">${hints.map((hint, position) => html`<li key=${position}><${Paragraphs} text=${hint} /></li>`)}</ol></details>`}
  </article>`;
}

/** A grade has no label where it is that of several steps, or where there was nothing to compare with. */
export function GraderSaid({ grade }) {
  return html`<section class="grader card" aria-labelledby="grader-title">
    <h2 id="grader-title">What the grader said</h2>
    <p class="grader-label">${grade.label ? wordOf(grade.label) : `${percent(grade.score)} of the marks`}</p>
    <${Sureness} who="It" confidence=${grade.confidence} />
    <details class="numbers"><summary>The numbers</summary><dl>
      <div><dt>How sure</dt><dd>${percent(grade.confidence)}</dd></div>
      <div><dt>Marks</dt><dd>${percent(grade.score)}</dd></div>
      ${grade.grader && html`<div><dt>Graded by</dt><dd>${grade.grader}</dd></div>`}</dl></details>
  </section>`;
}
