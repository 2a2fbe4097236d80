// One concept: what it is, what we think the learner knows of it, what it needs and what it opens.

import { html } from "./vendor/standalone.module.js";
import { BeliefBar } from "./belief_bar.js";
import { STANDINGS, StandingSign, standingOf } from "./standing.js";

export function ConceptDetails({ graph, beliefs, conceptId, onOpen, onClose }) {
  const concept = graph.concepts.find((one) => one.concept_id === conceptId);
  if (!concept) return null;
  const belief = beliefs.get(conceptId);
  const { word, meaning } = STANDINGS[standingOf(belief)];
  const linked = (kind, from, to) => graph.edges.filter((edge) => edge.kind === kind && edge[from] === conceptId).map((edge) => edge[to]);
  const lists = [
    ["Needs first", linked("prerequisite", "target_id", "source_id")],
    ["Opens", linked("prerequisite", "source_id", "target_id")],
    ["Practises as well", linked("encompasses", "source_id", "target_id")],
  ];
  return html`<article class="details" aria-label="Details of ${concept.title}">
    <header><h3 tabindex="-1">${concept.title}</h3>
      <button type="button" class="quiet" onClick=${onClose} aria-label="Close details">Close</button></header>
    <p class="standing"><${StandingSign} standing=${standingOf(belief)} /><span><strong>${word}</strong>, ${meaning}${
      concept.topic && html`<span class="small"> · ${concept.topic}</span>`}</span></p>
    ${concept.description && html`<p>${concept.description}</p>`}
    ${belief && html`<${BeliefBar} label=${evidence(belief)} ...${belief} />`}
    ${lists.filter(([, ids]) => ids.length).map(([name, ids]) => html`<div class="linked" key=${name}><h4>${name}</h4>
      <ul>${ids.map((id) => html`<li key=${id}><button type="button" class="concept-link" onClick=${() => onOpen(id)}>
        <${StandingSign} standing=${standingOf(beliefs.get(id))} />${titleIn(graph, id)}<span
          class="hidden"> (${STANDINGS[standingOf(beliefs.get(id))].word})</span></button></li>`)}</ul></div>`)}
  </article>`;
}

function evidence({ evidence: count, last_practice }) {
  if (!count) return "No answers yet: a first guess";
  const when = last_practice ? `, last ${new Date(last_practice).toLocaleDateString(undefined, { day: "numeric", month: "short" })}` : "";
  return `From ${count} ${count === 1 ? "answer" : "answers"}${when}`;
}

const titleIn = (graph, id) => graph.concepts.find((one) => one.concept_id === id)?.title ?? id;
