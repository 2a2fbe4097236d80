// A text with some of its parts marked. The text stays text, whatever stands in it.

import { html } from "./vendor/standalone.module.js";

/** Where each part stands in the text, as [start, end]; null for one that is not there. A part that comes twice is found at its next place. */
function placesOf(text, parts) {
  const next = new Map();
  return parts.map((part) => {
    const start = part ? text.indexOf(part, next.get(part) ?? 0) : -1;
    const found = start >= 0 ? start : part ? text.indexOf(part) : -1;
    if (found < 0) return null;
    next.set(part, found + part.length);
    return [found, found + part.length];
  });
}

/** The text cut wherever a part begins or ends: [{ text, marked, ends }], `ends` being the parts (from 0) that end with this piece. */
export function pieces(text, parts) {
  const places = placesOf(text, parts);
  const found = places.filter(Boolean);
  const cuts = [...new Set([0, text.length, ...found.flat()])].sort((a, b) => a - b);
  return cuts.slice(1).map((end, position) => ({
    text: text.slice(cuts[position], end),
    marked: found.some(([from, to]) => from < end && to >= end),
    ends: places.flatMap((place, number) => (place && place[1] === end ? [number] : [])),
  }));
}

/** `numbered` puts each part's number behind it, as in the list of pairs. */
export function Marked({ text, parts, numbered = false }) {
  return html`${pieces(text, parts).map(({ text: piece, marked, ends }, position) => html`<${marked ? "mark" : "span"} key=${position}>${piece}${
    numbered && ends.map((number) => html`<span key=${number} class="pair-number" aria-hidden="true">${number + 1}</span>`)}<//>`)}`;
}
