// What an item shows or plays: the same for the learner and for the teacher.

import { html } from "./vendor/standalone.module.js";

/** A picture, film or sound, told apart by the ending of its name. */
export function Medium({ url, alt }) {
  if (/\.(mp4|webm|ogv)$/i.test(url)) return html`<video class="medium" src=${url} controls preload="metadata" aria-label=${alt}></video>`;
  if (/\.(mp3|ogg|wav|m4a)$/i.test(url)) return html`<audio class="sound" src=${url} controls preload="metadata" aria-label=${alt}></audio>`;
  return html`<img class="medium" src=${url} alt=${alt} />`;
}
