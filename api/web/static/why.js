// "Why this?": the sentence, the reasons with what they rest on, the odds, and how the item was drawn.

import { html } from "./vendor/standalone.module.js";
import { isStudied } from "./answers.js";
import { BeliefBar } from "./belief_bar.js";
import { percent } from "./standing.js";

/** What the chance rests on where no answers to the question are known yet; see `placed_by` in the API. */
const PLACED = {
  text: "New here: placed by what it says, no answers yet.",
  concept: "New here: placed by others like it, no answers yet.",
};

/** `titleOf` names a concept by its title. */
export function Why({ recommendation, decision, titleOf }) {
  const { sentence, reasons, item } = recommendation;
  return html`<section class="why card" aria-labelledby="why-title">
    <h2 id="why-title">Why this?</h2>
    <p class="why-sentence">${sentence}</p>
    ${!isStudied(item) && recommendation.odds !== null && html`<${BeliefBar} label="Your chance to get it right" probability=${recommendation.odds}
      low=${recommendation.odds_low} high=${recommendation.odds_high} />`}
    ${PLACED[recommendation.placed_by] && html`<p class="small placed">${PLACED[recommendation.placed_by]}</p>`}
    <${Reasons} reasons=${reasons} sentence=${sentence} conceptId=${recommendation.concept_id} titleOf=${titleOf} />
    <p class="small print">Drawn with a chance of ${share(recommendation.propensity)} among what fits you now.
      Model ${version(decision.model_version)}${decision.rung ? html`, ${decision.rung}` : ""}; map ${version(decision.graph_version)}.</p>
  </section>`;
}

function Reasons({ reasons, sentence, conceptId, titleOf }) {
  const shown = new Set(); // a belief that several reasons rest on is drawn once
  return html`<ul class="reasons">
    ${reasons.map((reason, position) => {
      const beliefs = (reason.beliefs ?? []).filter((belief) => !shown.has(belief.concept_id));
      beliefs.forEach((belief) => shown.add(belief.concept_id));
      // An edge from a belief just drawn to this concept is said beside the belief, one the sentence names is said.
      const drawn = new Set(beliefs.map((belief) => belief.concept_id));
      const beside = (edge) => edge.kind === "prerequisite" && edge.target_id === conceptId && drawn.has(edge.source_id);
      const needed = new Set((reason.edges ?? []).filter(beside).map((edge) => edge.source_id));
      const named = (id) => reason.sentence.includes(titleOf(id));
      const told = (reason.edges ?? []).filter((edge) => !beside(edge) && !(named(edge.source_id) && named(edge.target_id)));
      if (reason.sentence === sentence && !beliefs.length && !told.length) return null;
      return html`<li key=${position} data-reason=${reason.kind} class=${reason.sentence === sentence ? "lead" : ""}>
        ${reason.sentence !== sentence && html`<p>${reason.sentence}</p>`}
        ${beliefs.map((belief) => html`<${BeliefBar} key=${belief.concept_id} ...${belief}
          label=${html`${titleOf(belief.concept_id)}${needed.has(belief.concept_id) && html`<span class="small"> needed first</span>`}`} />`)}
        ${told.length > 0 && html`<ul class="edges">${told.map((edge) => html`<li key="${edge.source_id} ${edge.target_id}">
          <${EdgeWords} edge=${edge} titleOf=${titleOf} /></li>`)}</ul>`}
      </li>`;
    })}
  </ul>`;
}

function EdgeWords({ edge, titleOf }) {
  const [source, target] = [html`<strong>${titleOf(edge.source_id)}</strong>`, html`<strong>${titleOf(edge.target_id)}</strong>`];
  return edge.kind === "encompasses" ? html`${source} practises ${target} too` : html`${source} is needed for ${target}`;
}

const share = (propensity) => (propensity >= 0.995 ? "1 (nothing else came close)" : propensity >= 0.01 ? percent(propensity) : "less than 1\u202f%");
const version = (hash) => html`<code>${String(hash ?? "unknown").slice(0, 8)}</code>`;

/** Nothing can be recommended: why, and what would help. */
export function Nothing({ infeasible, skipped, onBringBack, onAgain }) {
  return html`<section class="nothing card" aria-labelledby="nothing-title" aria-live="polite">
    <h2 id="nothing-title" tabindex="-1">Nothing to do right now</h2>
    <p class="why-sentence">${infeasible?.sentence ?? "There is no item that fits just now."}</p>
    ${infeasible?.remedy && html`<p>${infeasible.remedy}</p>`}
    <div class="actions">
      ${skipped.length > 0 && html`<button class="main" onClick=${onBringBack}>Bring back what I skipped (${skipped.length})</button>`}
      <button class=${skipped.length ? "quiet" : "main"} onClick=${onAgain}>Look again</button>
    </div>
  </section>`;
}
