// The head of the page: whose course it is, and how far along.

import { html } from "./vendor/standalone.module.js";
import { countsAsKnown, standingOf, towardGoals } from "./standing.js";

export function Head({ graph, beliefs, learnerId }) {
  return html`<header class="page-head">
    <div class="page-head-inner">
      <div class="course"><p class="brand">Wayline</p><h1>${graph?.title ?? "Learning"}</h1></div>
      ${graph && html`<${Progress} graph=${graph} beliefs=${beliefs} />`}
      <details class="learner">
        <summary><span class="small">Learner</span> ${learnerId}</summary>
        <form method="get" class="learner-form">
          <label for="learner">Learner id</label>
          <div><input id="learner" name="learner" value=${learnerId} required maxlength="200" autocomplete="off" autocapitalize="off" spellcheck=${false} />
          <button class="main">Change</button></div>
        </form>
      </details>
    </div>
  </header>`;
}

function Progress({ graph, beliefs }) {
  const standings = towardGoals(graph).map((id) => beliefs.get(id));
  const total = standings.length;
  const mastered = standings.filter((belief) => standingOf(belief) === "mastered").length;
  const known = standings.filter(countsAsKnown).length;
  const goals = (graph.goals ?? []).map((id) => graph.concepts.find((concept) => concept.concept_id === id)?.title ?? id);
  return html`<div class="progress">
    <p><strong>${known}</strong> of ${total} known${mastered > 0 && html`, <strong>${mastered}</strong> mastered`}</p>
    <svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" focusable="false">
      <rect class="bar-ground" width="100" height="6" />
      <rect class="bar-known" width=${(100 * known) / total} height="6" />
      <rect class="bar-mastered" width=${(100 * mastered) / total} height="6" /></svg>
    ${goals.length > 0 && html`<p class="small goal" title=${goals.join(", ")}>Goal: ${goals.join(", ")}</p>`}
  </div>`;
}
