// Plain text as paragraphs, with mathematics between $$ as MathML: no fonts, no style sheet, read out by screen readers.

import { html, useEffect, useLayoutEffect, useRef, useState } from "./vendor/standalone.module.js";

let katex = null;
let loading = null;

/** KaTeX is large and many courses have no formula: it is fetched with the first one. */
function loadKatex() {
  loading ??= import("./vendor/katex.mjs").then((module) => { katex = module.default; });
  return loading;
}

/** The formula as a <math> element, or null if it is not LaTeX that KaTeX knows. */
function mathElement(source) {
  try {
    // Inline style attributes are against the page's policy, styles set by script are not.
    const markup = katex.renderToString(source, { output: "mathml", throwOnError: true }).replaceAll(' style="', ' data-style="');
    const template = document.createElement("template");
    template.innerHTML = markup;
    template.content.querySelectorAll("[data-style]").forEach((element) => { element.style.cssText = element.dataset.style; });
    template.content.querySelectorAll("annotation").forEach((annotation) => annotation.remove()); // else some readers say it twice
    return template.content.querySelector("math");
  } catch {
    return null;
  }
}

function Formula({ source }) {
  const place = useRef(null);
  const [loaded, setLoaded] = useState(Boolean(katex));
  useEffect(() => {
    let wanted = true;
    if (!loaded) loadKatex().then(() => wanted && setLoaded(true), () => {});
    return () => { wanted = false; };
  }, []);
  useLayoutEffect(() => { // before the paint: nothing moves afterwards that was scrolled to
    const math = loaded && mathElement(source);
    place.current.replaceChildren(math || source);
  }, [loaded, source]);
  return html`<span class="formula" ref=${place}></span>`;
}

/** One line of text with its formulas. */
export function Inline({ text }) {
  const parts = String(text ?? "").split("$$");
  return html`${parts.map((part, position) => (position % 2 && position < parts.length - 1 && part.trim()
    ? html`<${Formula} key=${position} source=${part.trim()} />`
    : part))}`;
}

/** Paragraphs are parted by blank lines; single line breaks stay (the style sheet keeps them). */
export function Paragraphs({ text }) {
  const paragraphs = String(text ?? "").split(/\n\s*\n/).filter((one) => one.trim());
  return html`${paragraphs.map((one, position) => html`<p key=${position}><${Inline} text=${one.trim()} /></p>`)}`;
}
