// After answering: the verdict in words and sign, the right answer, why, and how the beliefs moved.

import { html } from "./vendor/standalone.module.js";
import { Inline, Paragraphs } from "./rich_text.js";
import { verdictOf } from "./session.js";
import { percent, STANDINGS, StandingSign, standingOf } from "./standing.js";
import { VerdictSign } from "./trail.js";

const WORDS = { right: "Right", "not-yet": "Not yet", read: "Done" };
const PROVISIONAL = "Judged by similarity to model answers, so provisional: it may change when a person looks at it.";

export function Judgement({ item, outcome }) {
  const { judgement } = outcome;
  const verdict = verdictOf(judgement);
  const steps = item.kind === "steps";
  return html`<section class="judgement verdict-${verdict}" data-verdict=${verdict} aria-label="Judgement">
    <h3 class="verdict"><${VerdictSign} verdict=${verdict} />${wordOf(verdict, judgement)}<span class="score">${score(item, judgement, verdict)}</span></h3>
    ${verdict === "provisional" && html`<p class="small">${PROVISIONAL}</p>`}
    ${steps && judgement
      ? html`<${StepResults} steps=${item.steps} judgement=${judgement} />`
      : html`<${Plain} judgement=${judgement} verdict=${verdict} kind=${item.kind} />`}
    ${judgement?.explanation && html`<div class="explanation"><h4>Explanation</h4><${Paragraphs} text=${judgement.explanation} /></div>`}
    <${Moves} ...${outcome} />
  </section>`;
}

/** A sure verdict in its own word; a provisional one says first which way it leans. */
function wordOf(verdict, judgement) {
  if (verdict !== "provisional") return WORDS[verdict];
  return `${judgement.correct ? "Looks right" : "Not yet"}, provisionally`;
}

function score(item, judgement, verdict) {
  if (typeof judgement?.score !== "number") return "";
  if (verdict === "provisional" && item.kind === "text") return `${percent(judgement.score)} alike`;
  return judgement.score > 0 && judgement.score < 1 ? `${percent(judgement.score)} of the marks` : "";
}

function Plain({ judgement, verdict, kind }) {
  const tellsAnswer = judgement?.answer && verdict !== "right" && kind !== "choice";
  return html`
    ${tells(judgement?.feedback) && html`<div class="feedback"><${Paragraphs} text=${judgement.feedback} /></div>`}
    ${tellsAnswer && html`<p class="right-answer">
      <span class="label">${verdict === "provisional" ? "A model answer" : "Right answer"}</span><${Inline} text=${judgement.answer} /></p>`}`;
}

/** The service tells one line of feedback and one of the answer per step; an answer it does not have is an empty line. */
function StepResults({ steps, judgement }) {
  const feedback = String(judgement.feedback ?? "").split("\n");
  const answers = String(judgement.answer ?? "").split("\n");
  return html`<ol class="step-results">
    ${steps.map((step, position) => html`<li key=${step.step_id}>
      <strong><${Inline} text=${feedback[position] ?? ""} /></strong>
      ${feedback[position] !== "Right." && answers[position] && html` <span class="right-answer">
        <span class="label">Right answer</span><${Inline} text=${answers[position]} /></span>`}</li>`)}
  </ol>`;
}

/** Feedback that only repeats the verdict is not said twice. */
const tells = (feedback) => feedback && !["Right.", "Not yet."].includes(feedback);

function Moves({ moves, opened, reached }) {
  if (!moves.length) return null;
  const news = [...reached, ...opened].slice(0, 4);
  return html`<div class="moves">
    <h4>What we now think you know</h4>
    <ul>${moves.map(({ was, now }) => html`<li key=${now.concept_id} class="move">
      <span>${now.title}: <span class="move-numbers">${percent(was.probability)}<span
        aria-hidden="true"> → </span><span class="hidden"> to </span><strong>${percent(now.probability)}</strong></span></span>
      <${MoveBar} from=${was.probability} to=${now.probability} /></li>`)}
    </ul>
    ${news.length > 0 && html`<ul class="news">${news.map((belief) => html`<li key=${belief.concept_id}>
      <${StandingSign} standing=${standingOf(belief)} />
      <span><strong>${belief.title}</strong> is now ${STANDINGS[standingOf(belief)].word.toLowerCase()}.</span></li>`)}</ul>`}
  </div>`;
}

function MoveBar({ from, to }) {
  const [low, high] = [Math.min(from, to), Math.max(from, to)];
  return html`<svg class="bar move-bar ${to >= from ? "up" : "down"}" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" focusable="false">
    <rect class="bar-ground" width="100" height="6" />
    <rect class="bar-value" width=${100 * low} height="6" />
    <rect class="bar-change" x=${100 * low} width=${100 * (high - low)} height="6" /></svg>`;
}
