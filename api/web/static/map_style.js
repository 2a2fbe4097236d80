// How the map looks: colours come from the style sheet's custom properties, so that light and dark are said once.

const SHAPES = { mastered: "hexagon", known: "ellipse", faded: "diamond", ready: "ellipse", blocked: "ellipse" };
const BORDERS = {
  mastered: { "border-style": "solid", "border-width": 2, width: 31, height: 29 },
  known: { "border-style": "solid", "border-width": 2 },
  faded: { "border-style": "solid", "border-width": 2, width: 31, height: 31 },
  ready: { "border-style": "solid", "border-width": 4 },
  blocked: { "border-style": "dashed", "border-width": 2 },
};

/** `large`: so many nodes that arrows and curves would cost more than they tell. */
export function mapStyle(element, { large }) {
  const sheet = getComputedStyle(element);
  const colour = (name) => sheet.getPropertyValue(`--${name}`).trim();
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const standings = Object.keys(SHAPES).map((standing) => ({
    selector: `node.${standing}`,
    style: {
      shape: SHAPES[standing], ...BORDERS[standing],
      "background-color": colour(`${standing}-fill`), "border-color": colour(`${standing}-line`),
      ...(standing === "faded" ? { // half full: told without colour as well
        "background-fill": "linear-gradient", "background-gradient-direction": "to-right",
        "background-gradient-stop-colors": [colour("card"), colour("card"), colour("faded-fill"), colour("faded-fill")],
        "background-gradient-stop-positions": [0, 50, 50, 100],
      } : {}),
    },
  }));
  return [
    { selector: "node", style: {
      width: 26, height: 26, "overlay-opacity": 0,
      "transition-property": "background-color, border-color, border-width",
      "transition-duration": calm ? 0 : 700, "transition-timing-function": "ease-in-out",
    } },
    { selector: "node.named", style: {
      label: "data(title)", color: colour("ink"), "font-family": sheet.fontFamily, "font-size": 13, "min-zoomed-font-size": 9,
      "text-wrap": "wrap", "text-max-width": 102, "text-valign": "bottom", "text-margin-y": 4, "line-height": 1.1,
      "text-background-color": colour("card"), "text-background-opacity": 0.8, "text-background-padding": 1,
    } },
    ...standings,
    { selector: "edge", style: {
      width: large ? 1 : 1.6, "line-color": colour("edge"), "curve-style": large ? "haystack" : "straight", opacity: large ? 0.6 : 0.8,
      "target-arrow-shape": large ? "none" : "triangle", "target-arrow-color": colour("edge"), "arrow-scale": 0.8, events: "no", "overlay-opacity": 0,
    } },
    { selector: "node.away", style: { display: "none" } }, // not near the learner, while only what is near is shown
    { selector: "edge.near", style: { width: 2.6, "line-color": colour("accent"), "target-arrow-color": colour("accent"), opacity: 1 } },
    { selector: "node.current", style: {
      width: 34, height: 34, "font-weight": 600, "z-index": 10,
      "underlay-color": colour("accent"), "underlay-opacity": 0.35, "underlay-padding": 9, "underlay-shape": "ellipse",
    } },
    { selector: "node.chosen", style: {
      "outline-width": 3, "outline-color": colour("ink"), "outline-offset": 4, "z-index": 11,
    } },
  ];
}
