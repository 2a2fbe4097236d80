// How beliefs moved: each concept's probability before and now, in numbers and as a bar.

import { html } from "./vendor/standalone.module.js";
import { percent } from "./standing.js";

/** `moves`: [{ before, now }], `now` being the belief as it is. */
export function MoveList({ moves }) {
  return html`<ul class="move-list">${moves.map(({ before, now }) => html`<li key=${now.concept_id} class="move">
    <span>${now.title ?? now.concept_id}: <${Change} before=${percent(before)} now=${percent(now.probability)} /></span>
    <${MoveBar} from=${before} to=${now.probability} /></li>`)}
  </ul>`;
}

function Change({ before, now }) {
  if (before === now) return html`<span class="move-numbers">about <strong>${now}</strong>, as before</span>`;
  return html`<span class="move-numbers">${before}<span
    aria-hidden="true"> → </span><span class="hidden"> to </span><strong>${now}</strong></span>`;
}

function MoveBar({ from, to }) {
  const [low, high] = [Math.min(from, to), Math.max(from, to)];
  return html`<svg class="bar move-bar ${to >= from ? "up" : "down"}" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" focusable="false">
    <rect class="bar-ground" width="100" height="6" />
    <rect class="bar-value" width=${100 * low} height="6" />
    <rect class="bar-change" x=${100 * low} width=${100 * (high - low)} height="6" /></svg>`;
}
