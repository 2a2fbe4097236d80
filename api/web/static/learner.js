// The learner's page: puts the loop (session.js) on the screen.

import { html, render, useEffect, useMemo, useState } from "./vendor/standalone.module.js";
import { ConceptMap } from "./concept_map.js";
import { ItemCard } from "./item_card.js";
import { Notice } from "./notice.js";
import { Head } from "./progress.js";
import { createSession } from "./session.js";
import { Trail } from "./trail.js";
import { Nothing, Why } from "./why.js";

const learnerId = new URLSearchParams(location.search).get("learner")?.trim() || "demo";
const session = createSession(learnerId);

function Page() {
  const [state, setState] = useState(session.state);
  const [largeMap, setLargeMap] = useState(false);
  useEffect(() => session.subscribe(setState), []);
  useEffect(() => { if (state.graph) document.title = `${state.graph.title} – Wayline`; }, [state.graph]);
  const titles = useMemo(() => new Map(state.graph?.concepts.map((concept) => [concept.concept_id, concept.title])), [state.graph]);

  const { recommendation, decision } = state;
  const titleOf = (id) => titles.get(id) ?? (id === recommendation?.concept_id ? recommendation.concept_title : id);
  return html`
    <div inert=${largeMap}><${Head} graph=${state.graph} beliefs=${state.beliefs} learnerId=${learnerId} /></div>
    <main class="columns">
      <div class="work" inert=${largeMap}>
        <${Work} state=${state} />
        <${Trail} trail=${state.trail} />
      </div>
      <div class="beside">
        <div inert=${largeMap}>${recommendation && html`<${Why} recommendation=${recommendation} decision=${decision} titleOf=${titleOf} />`}</div>
        <${MapPlace} state=${state} large=${largeMap} onLarge=${setLargeMap} />
      </div>
    </main>`;
}

function Work({ state }) {
  const { phase, recommendation, decision, outcome, problem } = state;
  if (phase === "nothing") {
    return html`<${Nothing} infeasible=${state.infeasible} skipped=${state.skipped} 
      onBringBack=${session.bringBackSkipped} onAgain=${session.next} />`;
  }
  if (!recommendation) {
    return html`<div class="card waiting" aria-busy=${!problem}>${problem ? html`<${Notice} problem=${problem} />` : html`<p>Looking for what fits you now…</p>`}</div>`;
  }
  return html`<div class="card"><${ItemCard} key=${decision.decision_id} recommendation=${recommendation} phase=${phase} outcome=${outcome}
    takeFocus=${state.round > 1} onAnswer=${session.answer} onNext=${session.next}
    onSkip=${session.skip} problem=${problem} /></div>`;
}

function MapPlace({ state, large, onLarge }) {
  if (state.graph) {
    return html`<${ConceptMap} graph=${state.graph} beliefs=${state.beliefs} currentId=${state.recommendation?.concept_id}
      large=${large} onLarge=${onLarge} />`;
  }
  if (!state.graphProblem) return html`<section class="map card" aria-busy="true" aria-label="Your map"><div class="map-canvas"></div></section>`;
  const problem = { ...state.graphProblem, title: "The map could not be loaded.", retry: session.loadGraph };
  return html`<section class="card" aria-label="Your map"><${Notice} problem=${problem} /></section>`;
}

const page = document.getElementById("page");
page.replaceChildren();
render(html`<${Page} />`, page);
session.start();
