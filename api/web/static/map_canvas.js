// The concept map drawn by Cytoscape. It is fetched after the item, so that the learner can start at once.

import { layeredLayout } from "./layered_layout.js";
import { mapStyle } from "./map_style.js";
import { standingOf, STANDINGS } from "./standing.js";

const ROOMY = 700; // a drawing this many pixels wide has room for names
const TIGHT = { x: 46, y: 46 }; // from node to node without names
const WIDE = { x: 108, y: 84 }; // with names, few concepts
const WIDEST = { x: 108, y: 94 }; // with names, all of them
const LARGE = 300; // concepts
const NEAR = { roomy: 16, small: 9 }; // concepts shown near the learner
const LONGEST = 38; // letters of a name on the map; the details show it all

/** Draws the map into `element`; `onChoose(conceptId)` on a tap. Returns what the page can do with it. */
export async function drawMap(element, graph, { onChoose }) {
  const { default: cytoscape } = await import("./vendor/cytoscape.esm.min.mjs");
  const ids = graph.concepts.map((concept) => concept.concept_id);
  const known = new Set(ids);
  const pairs = graph.edges.filter((edge) => edge.kind === "prerequisite" && known.has(edge.source_id) && known.has(edge.target_id))
    .map((edge) => [edge.source_id, edge.target_id]);
  const large = ids.length > LARGE;

  const cy = cytoscape({
    container: element,
    elements: [
      ...graph.concepts.map(({ concept_id, title }) => ({ data: { id: concept_id, title: shortened(title) }, classes: "blocked" })),
      ...pairs.map(([source, target]) => ({ data: { source, target } })),
    ],
    style: mapStyle(element, { large }),
    autoungrabify: true, boxSelectionEnabled: false, userZoomingEnabled: false, minZoom: 0.02, maxZoom: 2.5,
    hideEdgesOnViewport: large, textureOnViewport: large, pixelRatio: large ? 1 : "auto",
  });
  cy.on("tap", "node", (event) => onChoose(event.target.id()));

  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const restyle = () => cy.style(mapStyle(element, { large }));
  scheme.addEventListener("change", restyle);

  let shown = { whole: true, current: null };
  let placed = "";

  /** The concept, what it needs and opens, and, where that is little, what these need and open. */
  function nearby() {
    const most = element.clientWidth >= ROOMY ? NEAR.roomy : NEAR.small;
    let near = cy.$id(shown.current ?? "");
    if (near.empty()) return cy.nodes();
    for (let wider = near.closedNeighborhood().nodes(); ; wider = near.closedNeighborhood().nodes()) {
      if (wider.length === near.length || (wider.length > most && near.length > 1)) return near;
      near = wider.slice(0, most).union(near);
    }
  }

  /** Lays out what is shown for the size of the drawing, with room for names where they can be read. */
  function place() {
    const { clientWidth: width, clientHeight: height } = element;
    const now = `${width}x${height} ${shown.whole || shown.current}`;
    if (now === placed || !width || !height) return;
    placed = now;
    const seen = shown.whole ? cy.nodes() : nearby();
    const named = width >= ROOMY || !shown.whole;
    const gap = !named ? TIGHT : shown.whole ? WIDEST : WIDE;
    const places = layeredLayout(ids.filter((id) => cy.$id(id).anySame(seen)), pairs, { width: width / gap.x, height: height / gap.y });
    cy.resize();
    cy.batch(() => {
      cy.nodes().toggleClass("named", named).addClass("away");
      places.forEach(({ x, y }, id) => cy.$id(id).removeClass("away").position({ x: x * gap.x, y: y * gap.y }));
    });
  }

  function look({ gently = false } = {}) {
    const seen = cy.nodes().not(".away");
    // Fitted by the places of nodes: names hang below and over the sides, and their true boxes would make the map jump.
    const [x1, x2] = [seen.min((node) => node.position().x).value - 17, seen.max((node) => node.position().x).value + 17];
    const [y1, y2] = [seen.min((node) => node.position().y).value - 17, seen.max((node) => node.position().y).value + 17];
    const [width, height] = [element.clientWidth, element.clientHeight];
    const [side, above, below] = seen.first().hasClass("named") ? [40, 12, 36] : [14, 14, 14];
    const zoom = Math.min((width - 2 * side) / (x2 - x1), (height - above - below) / (y2 - y1), shown.whole ? 1.4 : 1);
    const pan = { x: (width - zoom * (x1 + x2)) / 2, y: (height + above - below - zoom * (y1 + y2)) / 2 };
    cy.stop();
    if (gently && !matchMedia("(prefers-reduced-motion: reduce)").matches) cy.animate({ zoom, pan }, { duration: 400 });
    else cy.viewport({ zoom, pan });
  }

  const observer = new ResizeObserver(() => { place(); if (placed) look(); });
  observer.observe(element);

  return {
    colour(beliefs) {
      cy.batch(() => cy.nodes().forEach((node) => {
        const standing = standingOf(beliefs.get(node.id()));
        if (!node.hasClass(standing)) node.removeClass(Object.keys(STANDINGS).join(" ")).addClass(standing);
      }));
    },
    /** Highlights the item's concept and the edges at it. */
    point(conceptId, { whole }) {
      const gently = whole && shown.whole; // only the highlight moves: what is laid out anew jumps
      shown = { whole, current: conceptId };
      cy.batch(() => {
        cy.elements(".current, .near").removeClass("current near");
        cy.$id(conceptId ?? "").addClass("current").connectedEdges().addClass("near");
      });
      place();
      if (placed) look({ gently });
    },
    choose(conceptId) {
      cy.nodes(".chosen").removeClass("chosen");
      if (conceptId) cy.$id(conceptId).addClass("chosen");
    },
    /** In the large view the map is the whole screen: wheel and pinch then zoom it, not the page. */
    setZooming: (on) => cy.userZoomingEnabled(on),
    destroy() {
      observer.disconnect();
      scheme.removeEventListener("change", restyle);
      cy.destroy();
    },
  };
}

/** Cut in the middle: titles that begin alike ("Adding fractions: …") differ at their end. */
function shortened(title) {
  if (title.length <= LONGEST) return title;
  const half = LONGEST / 2;
  return `${title.slice(0, half).replace(/\s+\S*$/, "")} … ${title.slice(-half - 4).replace(/^\S*\s+/, "")}`;
}
