// After answering: the verdict in words and sign, the right answer, why, and how the beliefs moved.

import { html } from "./vendor/standalone.module.js";
import { MoveList } from "./belief_moves.js";
import { Grade, Numbers } from "./grade.js";
import { Sureness, toneOf, wordOf } from "./grading.js";
import { Inline, Paragraphs } from "./rich_text.js";
import { verdictOf } from "./session.js";
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
  const look = grade ? toneOf(grade) : verdict;
  return html`<section class="judgement verdict-${look}" data-verdict=${verdict} data-label=${grade?.label} aria-label="Judgement">
    <h3 class="verdict"><${VerdictSign} verdict=${look} />${grade ? wordOf(grade.label) : wordFor(verdict, judgement)}<span
      class="score">${grade ? "" : score(item, judgement, verdict)}</span></h3>
    ${grade && html`<${Sureness} who="Wayline" confidence=${grade.confidence} />`}
    ${grade?.for_review && html`<p class="for-review">${FOR_REVIEW}</p>`}
    ${verdict === "provisional" && byWording(grade) && html`<p class="small">${BY_WORDING}</p>`}
    ${verdict === "provisional" && !byWording(grade) && !grade.for_review && html`<p class="small">${GRADED}</p>`}
    <${Told} item=${item} judgement=${judgement} verdict=${verdict} />
    ${judgement?.explanation && html`<div class="explanation"><h4>Explanation</h4><${Paragraphs} text=${judgement.explanation} /></div>`}
    <${Moves} ...${outcome} />
    ${grade && html`<${Numbers} grade=${grade} />`}
  </section>`;
}

/** Without a fitted grader the wording alone is compared, and the grade says so. */
const byWording = (grade) => !grade || grade.grader.startsWith("wording");

function Told({ item, judgement, verdict }) {
  if (judgement?.grade) return html`<${Grade} judgement=${judgement} />`;
  if (item.kind === "steps" && judgement) return html`<${StepResults} steps=${item.steps} judgement=${judgement} />`;
  return html`<${Plain} judgement=${judgement} verdict=${verdict} kind=${item.kind} />`;
}

/** A sure verdict in its own word; a provisional one says first which way it leans. */
function wordFor(verdict, judgement) {
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
