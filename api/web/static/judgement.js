// After answering: the verdict in words and sign, the right answer, why, and how the beliefs moved.

import { html } from "./vendor/standalone.module.js";
import { MoveList } from "./belief_moves.js";
import { Grade, Numbers } from "./grade.js";
import { isByWording, Sureness, wordOf } from "./grading.js";
import { Inline, Paragraphs } from "./rich_text.js";
import { lookOf, verdictOf } from "./session.js";
import { percent, STANDINGS, StandingSign, standingOf } from "./standing.js";
import { VerdictSign } from "./trail.js";

const WORDS = { right: "Right", "not-yet": "Not yet", read: "Done" };
const BY_WORDING = "Judged by similarity to model answers, so provisional: it may change when a person looks at it.";
const GRADED = "A teacher may still change this.";
const FOR_REVIEW = "A teacher will look at this answer. Until then it is provisional.";

export function Judgement({ item, outcome }) {
  const { judgement } = outcome;
  const verdict = verdictOf(judgement);
  const grade = judgement?.grade ?? null;
  const grades = gradesOf(judgement);
  const waits = grades.some(({ for_review: asked }) => asked);
  const look = lookOf(judgement);
  return html`<section class="judgement verdict-${look}" data-verdict=${verdict} data-label=${grade?.label} aria-label="Judgement">
    <h3 class="verdict"><${VerdictSign} verdict=${look} />${grade ? wordOf(grade.label) : wordFor(verdict, judgement)}<span
      class="score">${grade ? "" : score(item, judgement, verdict)}</span></h3>
    ${grade && html`<${Sureness} who="Wayline" confidence=${grade.confidence} />`}
    ${(waits || unjudged(judgement)) && html`<p class="for-review">${FOR_REVIEW}</p>`}
    ${verdict === "provisional" && byWording(grades) && !unjudged(judgement) && html`<p class="small">${BY_WORDING}</p>`}
    ${verdict === "provisional" && !byWording(grades) && !waits && html`<p class="small">${GRADED}</p>`}
    <${Told} item=${item} judgement=${judgement} verdict=${verdict} />
    ${judgement?.explanation && html`<div class="explanation"><h4>Explanation</h4><${Paragraphs} text=${judgement.explanation} /></div>`}
    <${Moves} ...${outcome} />
    ${grade && html`<${Numbers} grade=${grade} />`}
  </section>`;
}

/** What the grader said of the answer, or of each of its steps that is in words. */
const gradesOf = (judgement) => [judgement, ...(judgement?.steps ?? [])].flatMap((one) => one?.grade ?? []);

/** Without a fitted grader the wording alone is compared, and the grade says so. */
const byWording = (grades) => !grades.length || grades.some(isByWording);

function Told({ item, judgement, verdict }) {
  if (judgement?.grade) return html`<${Grade} judgement=${judgement} />`;
  if (judgement?.steps.length) return html`<${StepResults} steps=${judgement.steps} />`;
  return html`<${Plain} judgement=${judgement} verdict=${verdict} kind=${item.kind} />`;
}

/** Whether there was nothing to judge an answer in words by. */
const unjudged = (judgement) => Boolean(judgement?.provisional) && !judgement.grade && !judgement.steps.length && judgement.confidence === 0;

/** A sure verdict in its own word; a provisional one says first which way it leans. */
function wordFor(verdict, judgement) {
  if (unjudged(judgement)) return "Not judged yet";
  if (verdict !== "provisional") return WORDS[verdict];
  return `${judgement.correct ? "Looks right" : "Not yet"}, provisionally`;
}

function score(item, judgement, verdict) {
  if (typeof judgement?.score !== "number" || unjudged(judgement)) return "";
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

/** Each step as the service judged it: one in words with its grade, like an answer that stands alone. */
function StepResults({ steps }) {
  return html`<ol class="step-results">${steps.map((step) => html`<li key=${step.step_id} data-label=${step.grade?.label}>
    ${step.grade ? html`<strong>${wordOf(step.grade.label)}</strong> <${Sureness} who="Wayline" confidence=${step.grade.confidence} /><${Grade} judgement=${step} />`
      : html`<${Settled} step=${step} />`}</li>`)}</ol>`;
}

function Settled({ step: { correct, feedback, answer } }) {
  return html`<strong><${Inline} text=${feedback} /></strong>
    ${!correct && answer && html` <span class="right-answer"><span class="label">Right answer</span><${Inline} text=${answer} /></span>`}`;
}

/** Feedback that only repeats the verdict is not said twice. */
const tells = (feedback) => feedback && !["Right.", "Not yet."].includes(feedback);

const MOST_MOVES = 3;

function Moves({ moves, opened, reached }) {
  if (!moves.length) return null;
  const news = [...reached, ...opened].slice(0, 4);
  const [first, more] = [moves.slice(0, MOST_MOVES), moves.slice(MOST_MOVES)];
  return html`<div class="moves">
    <h4>What we now think you know</h4>
    <${MoveList} moves=${first} />
    ${more.length > 0 && html`<details class="numbers"><summary>${more.length} more</summary><${MoveList} moves=${more} /></details>`}
    ${news.length > 0 && html`<ul class="news">${news.map((belief) => html`<li key=${belief.concept_id}>
      <${StandingSign} standing=${standingOf(belief)} />
      <span><strong>${belief.title}</strong> is now ${STANDINGS[standingOf(belief)].word.toLowerCase()}.</span></li>`)}</ul>`}
  </div>`;
}
