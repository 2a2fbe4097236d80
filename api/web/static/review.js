// The teacher's page: puts the queue (review_session.js) on the screen, one answer at a time.

import { html, render, useEffect, useLayoutEffect, useRef, useState } from "./vendor/standalone.module.js";
import { MoveList } from "./belief_moves.js";
import { wordOf } from "./grading.js";
import { Notice } from "./notice.js";
import { GraderSaid, ReviewCard } from "./review_card.js";
import { createReview, ORDERS } from "./review_session.js";
import { Verdict } from "./review_verdict.js";
import { percent } from "./standing.js";

const session = createReview(new URLSearchParams(location.search).get("order"));

function Page() {
  const [state, setState] = useState(session.state);
  const [teacher, setTeacher] = useRemembered("wayline.teacher", "");
  const [keys, setKeys] = useRemembered("wayline.review-keys", "on");
  useEffect(() => session.subscribe(setState), []);
  useEffect(() => { document.title = state.waiting ? `${state.waiting} waiting – Wayline` : "Review – Wayline"; }, [state.waiting]);

  const entry = state.phase === "empty" ? null : state.entries[0];
  return html`
    <${Head} state=${state} />
    <main class="review">
      <div class="last-place" role="status"><${Last} last=${state.last} goesOn=${Boolean(entry)} /></div>
      ${entry ? html`<div class="columns" aria-busy=${state.phase === "loading"}>
        <${ReviewCard} key=${entry.review_id} entry=${entry} takeFocus=${state.round > 1} />
        <div class="beside"><${GraderSaid} grade=${entry.grade} />
          <${Verdict} key=${entry.review_id} entry=${entry} labels=${state.labels} locked=${state.phase !== "judging"} problem=${state.problem}
            teacher=${teacher} onTeacher=${setTeacher} keys=${keys === "on"} onKeys=${(on) => setKeys(on ? "on" : "off")}
            onJudge=${session.judge} onLeave=${session.leave} /></div></div>`
        : html`<div class="columns one">${state.phase === "empty" ? html`<${Empty} state=${state} />`
          : html`<div class="card waiting" aria-busy=${!state.problem}>${state.problem ? html`<${Notice} problem=${state.problem} />` : html`<p>Looking for answers that wait…</p>`}</div>`}</div>`}
    </main>`;
}

function Head({ state }) {
  useEffect(() => history.replaceState(null, "", state.order === "doubtful" ? location.pathname : `?order=${state.order}`), [state.order]);
  return html`<header class="page-head"><div class="page-head-inner">
    <div class="course"><p class="brand">Wayline</p><h1>Answers for a teacher</h1></div>
    <div class="progress">${state.waiting !== null && html`<p><strong>${state.waiting}</strong> ${state.waiting === 1 ? "answer waits" : "answers wait"}${
      state.left.length > 0 && `, ${state.left.length} left for later`}</p>
      <p class="small">The grader was less than ${percent(state.threshold)} sure of them.</p>`}</div>
    <div class="toggles" role="group" aria-label="Order">${Object.entries(ORDERS).map(([order, name]) => html`
      <button key=${order} type="button" class="quiet" aria-pressed=${order === state.order} onClick=${() => session.sortBy(order)}>${name}</button>`)}</div>
  </div></header>`;
}

/** What became of the answer before, while the next one is on show already. */
function Last({ last, goesOn }) {
  if (!last) return null;
  const { entry, sentence, label, score, beliefs = [] } = last;
  if (sentence) return html`<section class="last card"><p>${sentence}${goesOn && " Here is the next."}</p></section>`;
  const moves = beliefs.map((now) => ({ before: now.before, now }))
    .filter(({ before, now }) => typeof before === "number" && percent(before) !== percent(now.probability));
  return html`<section class="last card" aria-label="Your last verdict">
    <p><span class="small">Your verdict for ${entry.learner}:</span> <strong>${wordOf(label)}</strong>${score === undefined ? "" : `, ${percent(score)} of the marks`}
      <button type="button" class="quiet" onClick=${session.change}>Change<span class="hidden"> your verdict for ${entry.learner}</span></button></p>
    ${moves.length ? html`<div><p class="small">What we now think this learner knows</p><${MoveList} moves=${moves} /></div>` : html`<p class="small">No belief changed by it.</p>`}
  </section>`;
}

function Empty({ state }) {
  const heading = useRef(null);
  useLayoutEffect(() => { if (state.round > 1) heading.current.focus(); }, []);
  const left = state.left.length;
  return html`<section class="nothing card" aria-labelledby="nothing-title">
    <h2 id="nothing-title" tabindex="-1" ref=${heading}>${left ? "Only what you left for later waits" : "No answer waits for you"}</h2>
    <p>${left ? "You can take it up now, or come back another time." : "Answers come here when the grader is not sure of its grade."}</p>
    <div class="actions">
      ${left > 0 && html`<button type="button" class="main" onClick=${session.bringBack}>Bring back what I left (${left})</button>`}
      <button type="button" class=${left ? "quiet" : "main"} onClick=${session.load}>Look again</button></div>
  </section>`;
}

/** A text that this browser remembers, where storage is not switched off. */
function useRemembered(key, start) {
  const [value, setValue] = useState(() => {
    try { return localStorage.getItem(key) ?? start; } catch { return start; }
  });
  function change(next) {
    setValue(next);
    try { localStorage.setItem(key, next); } catch { /* it is then asked for again after a reload, nothing more */ }
  }
  return [value, change];
}

const page = document.getElementById("page");
page.replaceChildren();
render(html`<${Page} />`, page);
session.load();
