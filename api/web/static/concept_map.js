// The learner's map: drawn or as a table, with the details of one concept. Table and drawing tell the same.

import { html, useEffect, useLayoutEffect, useRef, useState } from "./vendor/standalone.module.js";
import { ConceptDetails } from "./concept_details.js";
import { ConceptTable } from "./concept_table.js";
import { drawMap } from "./map_canvas.js";
import { Legend, STANDINGS, StandingSign, standingOf } from "./standing.js";

const NEAR_AT_FIRST = 80; // with more concepts than this the whole map is too small to read: start near the learner

export function ConceptMap({ graph, beliefs, currentId, large, onLarge }) {
  const [view, setView] = useState("map");
  const [whole, setWhole] = useState(graph.concepts.length <= NEAR_AT_FIRST);
  const [chosen, setChosen] = useState(null);
  const [failed, setFailed] = useState(false);
  const [map, setMap] = useState(null);
  const place = useRef(null);
  const details = useRef(null);

  useEffect(() => {
    let drawn = null;
    let wanted = true;
    drawMap(place.current, graph, { onChoose: setChosen }).then(
      (made) => { drawn = made; if (wanted) setMap(made); else made.destroy(); },
      () => setFailed(true),
    );
    return () => { wanted = false; drawn?.destroy(); };
  }, [graph]);
  useEffect(() => map?.colour(beliefs), [map, beliefs]);
  useEffect(() => map?.point(currentId, { whole }), [map, currentId, whole]);
  useEffect(() => map?.choose(chosen), [map, chosen]);
  useEffect(() => map?.setZooming(large), [map, large]);
  useLayoutEffect(() => { // before the large map is on the screen: who sees it can press a key
    if (!large) return undefined;
    const onKey = (event) => event.key === "Escape" && onLarge(false);
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [large]);

  function open(conceptId) {
    setChosen(conceptId);
    requestAnimationFrame(() => details.current?.querySelector("h3")?.focus());
  }

  const current = graph.concepts.find((concept) => concept.concept_id === currentId);
  const asTable = view === "table" || failed;
  return html`<section class="map card ${large ? "map-large" : ""} ${chosen ? "has-details" : ""}" aria-labelledby="map-title">
    <header class="map-head">
      <h2 id="map-title">Your map</h2>
      <div class="toggles">
        ${!asTable && html`<button type="button" class="quiet" onClick=${() => setWhole(!whole)}>${whole ? "Near me" : "Whole map"}</button>`}
        <button type="button" class="quiet" aria-pressed=${asTable} onClick=${() => setView(asTable ? "map" : "table")}>Table</button>
        <button type="button" class="quiet" id="map-size" onClick=${() => onLarge(!large)}>${large ? "Done" : "Enlarge"}</button>
      </div>
    </header>
    <div class="map-body">
      <div class="map-drawing" hidden=${asTable}>
        ${current && html`<p class="map-now"><span class="ring"><${StandingSign} standing=${standingOf(beliefs.get(currentId))} /></span><span><span class="small">Now</span> ${current.title}</span></p>`}
        <div class="map-canvas" ref=${place} role="img" aria-label="${summary(graph, beliefs)} The button Table shows the same as a table."></div>
        <${Legend} />
      </div>
      ${asTable && html`<${ConceptTable} graph=${graph} beliefs=${beliefs} currentId=${currentId} onOpen=${open} />`}
      ${chosen && html`<div class="map-details" ref=${details}>
        <${ConceptDetails} graph=${graph} beliefs=${beliefs} conceptId=${chosen} onOpen=${open} onClose=${() => setChosen(null)} /></div>`}
    </div>
  </section>`;
}

function summary(graph, beliefs) {
  const standings = graph.concepts.map((concept) => standingOf(beliefs.get(concept.concept_id)));
  const counts = Object.keys(STANDINGS).map((standing) => [standing, standings.filter((one) => one === standing).length]);
  const told = counts.filter(([, count]) => count).map(([standing, count]) => `${count} ${STANDINGS[standing].word.toLowerCase()}`);
  return `Map of ${graph.concepts.length} concepts: ${told.join(", ")}.`;
}
