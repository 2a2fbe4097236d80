// A failure in plain words, with the way out of it where there is one.

import { html } from "./vendor/standalone.module.js";

export function Notice({ problem }) {
  if (!problem) return null;
  return html`<div class="notice" role="alert">
    <p><strong>${problem.title}</strong> ${problem.errors?.length ? "" : problem.detail}</p>
    ${problem.errors?.length > 0 && html`<ul>${problem.errors.map(({ message, allowed }, position) => html`
      <li key=${position}>${message}${allowed?.length ? ` Allowed: ${[].concat(allowed).join(", ")}.` : ""}</li>`)}</ul>`}
    ${problem.retry && html`<button type="button" class="main" id="retry" onClick=${problem.retry}>Try again</button>`}
  </div>`;
}
