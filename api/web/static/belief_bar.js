// A belief as a bar with its 90 % interval.

import { html } from "./vendor/standalone.module.js";
import { percent } from "./standing.js";

/** `label` is read and shown; the picture repeats the numbers beside it, so it is hidden from screen readers. */
export function BeliefBar({ label, probability, low, high }) {
  return html`<div class="belief">
    <span class="belief-label">${label}</span>
    <span class="belief-numbers">${percent(probability)} <span class="small">(<span
      class="hidden">likely between </span>${Math.round(100 * low)}–${percent(high)})</span></span>
    <svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">
      <rect class="bar-ground" y="2" width="100" height="6" />
      <rect class="bar-value" y="2" width=${100 * probability} height="6" />
      <rect class="bar-interval" x=${100 * low} y="4" width=${Math.max(0.5, 100 * (high - low))} height="2" />
      <rect class="bar-end" x=${Math.max(0, 100 * low - 0.3)} y="1" width="0.6" height="8" />
      <rect class="bar-end" x=${Math.min(99.4, 100 * high - 0.3)} y="1" width="0.6" height="8" />
    </svg>
  </div>`;
}
