// The item: its text and pictures, the learner's answer, the judgement, and the one button that goes on.

import { html, useLayoutEffect, useRef, useState } from "./vendor/standalone.module.js";
import { asResponse, createStopwatch, isStudied, questionsOf, unanswered } from "./answers.js";
import { Judgement } from "./judgement.js";
import { Medium } from "./medium.js";
import { Question } from "./question.js";
import { Notice } from "./notice.js";
import { Passage } from "./passage.js";
import { Paragraphs } from "./rich_text.js";

const KINDS = {
  choice: "Question", numeric: "Question", expression: "Question", text: "In your own words", steps: "Several steps",
  reading: "Reading", worked_example: "Worked example", video: "Video",
};

/** An Enter that is held answers and stops there: its repeats would go past the judgement before anyone has read it. */
function oncePressed(event) {
  if (event.key === "Enter" && event.repeat && event.target.tagName !== "TEXTAREA") event.preventDefault();
}

/** One item from showing to judging; give it a `key` per decision, so that the next one starts empty. */
export function ItemCard({ recommendation, phase, outcome, onAnswer, onNext, onSkip, problem, takeFocus }) {
  const { item } = recommendation;
  const questions = questionsOf(item);
  const parts = item.steps_text ?? [];
  const [drafts, setDrafts] = useState(() => questions.map(() => ""));
  const [hints, setHints] = useState(() => questions.map(() => 0));
  const [missing, setMissing] = useState([]);
  const [shown, setShown] = useState(Math.min(1, parts.length));
  const form = useRef(null);
  const heading = useRef(null);
  const stopwatch = useRef(null);
  const judged = Boolean(outcome);
  const locked = phase !== "answering";
  const unread = parts.length - shown;

  // Focus and stopwatch are ready before the item is on the screen, and before its judgement is: who sees it can press a key.
  useLayoutEffect(() => {
    stopwatch.current = createStopwatch();
    if (takeFocus) focusTop(heading.current); // not for the first item: a page that opens must not move the focus
    return () => stopwatch.current.stop();
  }, []);

  useLayoutEffect(() => {
    // Focus goes to the button that goes on, but what was judged has to stay in sight.
    if (!judged) return;
    form.current.querySelector("#next").focus({ preventScroll: true });
    form.current.querySelector(".judgement").scrollIntoView({ block: "nearest" });
  }, [judged]);

  function replace(list, position, value) {
    return list.map((one, at) => (at === position ? value : one));
  }

  function submit(event) {
    event.preventDefault();
    if (locked && problem?.retry) return problem.retry();
    if (judged) return onNext();
    if (locked) return undefined; // sending already: the button stays focusable, but does nothing
    if (unread > 0) return setShown(shown + 1);
    const empty = unanswered(drafts);
    setMissing(empty);
    if (empty.length) return form.current.querySelector(`#answer-${empty[0]}`).focus();
    return onAnswer({
      ...asResponse(item, drafts), elapsed_seconds: stopwatch.current.seconds(), hints: hints.reduce((sum, count) => sum + count, 0),
    });
  }

  const question = (one, position, label) => html`<${Question} question=${one} name="answer-${position}" label=${label}
    value=${drafts[position]} locked=${locked} missing=${missing.includes(position)} opened=${hints[position]}
    mark=${judged ? markOf(item, outcome) : null}
    onChange=${(value) => { setDrafts(replace(drafts, position, value)); setMissing(missing.filter((at) => at !== position)); }}
    onOpenHint=${() => setHints(replace(hints, position, hints[position] + 1))} />`;

  return html`<form class="item" ref=${form} onSubmit=${submit} onKeyDown=${oncePressed} novalidate aria-labelledby="item-title"
      aria-busy=${phase === "loading" || phase === "sending"} data-item-id=${item.item_id} data-phase=${phase}>
    <header class="item-head">
      <p class="item-kind">${KINDS[item.kind] ?? "Task"}${
        item.minutes ? html`<span class="dot" aria-hidden="true"> · </span>about ${minutes(item.minutes)}` : ""}</p>
      <h2 id="item-title" tabindex="-1" ref=${heading}>${recommendation.concept_title}</h2>
      ${item.title && item.title !== recommendation.concept_title && html`<p class="item-name">${item.title}</p>`}
    </header>
    <${Passage} text=${item.passage} />
    <div class="item-text"><${Paragraphs} text=${item.text} /></div>
    ${(item.media ?? []).map((media) => html`<${Medium} key=${media.url} ...${media} />`)}
    ${parts.length > 0 && html`<ol class="parts" aria-live="polite">
      ${parts.slice(0, shown).map((part, position) => html`<li key=${position}><${Paragraphs} text=${part} /></li>`)}</ol>`}
    ${item.kind === "steps"
      ? questions.map((step, position) => html`<section class="step" key=${step.step_id} aria-label="Step ${position + 1}">
          <h3>Step ${position + 1} <span class="small">of ${questions.length}</span></h3>
          <div class="step-text"><${Paragraphs} text=${step.text} /></div>
          ${question(step, position, html`<span class="hidden">Step ${position + 1}: </span>Your answer`)}
        </section>`)
      : questions.map((one, position) => question(one, position, "Your answer"))}
    <div class="judgement-place" aria-live="polite">${judged && html`<${Judgement} item=${item} outcome=${outcome} />`}</div>
    <${Notice} problem=${problem} />
    <div class="actions">
      ${judged
        ? html`<button type="submit" id="next" class="main" key="next" aria-disabled=${phase === "loading"}>Next</button>`
        : html`<button type="submit" id="submit" class="main" key="submit" aria-disabled=${locked}>${submitWord(item, unread, phase, problem)}</button>
          ${phase === "answering" && html`<button type="button" class="quiet" onClick=${onSkip}>Skip</button>`}`}
    </div>
  </form>`;
}

/** What judging shows on the answer itself: the right choice, or which parts of a text fit a model answer. */
function markOf(item, { judgement, given }) {
  if (item.kind === "choice" && judgement) return { answer: judgement.answer };
  if (judgement?.grade) return { text: given.answer_text, parts: judgement.grade.evidence.map(({ said }) => said) };
  return null;
}

function submitWord(item, unread, phase, problem) {
  if (phase === "sending") return problem ? "Not sent yet" : "Sending…";
  if (unread > 0) return "Show the next step";
  if (item.kind === "video") return "I have watched this";
  return isStudied(item) ? "I have read this" : "Check answer";
}

function minutes(value) {
  const whole = Math.max(1, Math.round(value));
  return whole === 1 ? "1 minute" : `${whole} minutes`;
}

function focusTop(heading) {
  heading.focus({ preventScroll: true });
  const card = heading.closest("form");
  if (card.getBoundingClientRect().top < 0) card.scrollIntoView({ block: "start" });
}
