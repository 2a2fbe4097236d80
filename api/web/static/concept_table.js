// The map as a table, in syllabus order: for screen readers, keyboards, and whoever likes a list.

import { html } from "./vendor/standalone.module.js";
import { percent, STANDINGS, StandingSign, standingOf } from "./standing.js";

export function ConceptTable({ graph, beliefs, currentId, onOpen }) {
  return html`<div class="table-place" tabindex="0" role="region" aria-label="Concepts as a table">
    <table>
      <caption class="hidden">Concepts in syllabus order, with where you stand</caption>
      <thead><tr><th scope="col">Concept</th><th scope="col">Standing</th><th scope="col" class="number">Known</th></tr></thead>
      <tbody>${graph.concepts.map(({ concept_id, title }) => {
        const belief = beliefs.get(concept_id);
        const standing = standingOf(belief);
        const current = concept_id === currentId;
        return html`<tr key=${concept_id} class=${current ? "current" : ""} aria-current=${current ? "true" : undefined}
            data-concept=${concept_id} data-standing=${standing}>
          <th scope="row"><button type="button" class="concept-link" onClick=${() => onOpen(concept_id)}>${title}</button>${
            current && html`<span class="small"> now</span>`}</th>
          <td><span class="standing"><${StandingSign} standing=${standing} />${STANDINGS[standing].word}</span></td>
          <td class="number">${belief ? percent(belief.probability) : "–"}</td></tr>`;
      })}</tbody>
    </table>
  </div>`;
}
