// The text that a question is about, above the question.

import { html } from "./vendor/standalone.module.js";
import { Paragraphs } from "./rich_text.js";

/** Nothing where there is none, as with most questions. */
export function Passage({ text }) {
  return text?.trim() && html`<section class="passage"><h3>Passage</h3><${Paragraphs} text=${text} /></section>`;
}
