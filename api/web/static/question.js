// One question: its input by kind, and its hints, opened one at a time.

import { html, useRef } from "./vendor/standalone.module.js";
import { Marked } from "./marked.js";
import { Inline, Paragraphs } from "./rich_text.js";

/**
 * `mark`: null before judging, then { answer } with the right choice where it is told, or for an answer in words
 * { text, parts } with what was said and which parts of it fit a model answer.
 * `onOpenHint` counts a hint; hints stay open.
 */
export function Question({ question, name, label, value, onChange, locked, missing, mark, opened, onOpenHint }) {
  const Input = question.kind === "choice" ? Choices : question.kind === "text" ? LongAnswer : ShortAnswer;
  return html`
    <${Input} ...${{ question, name, label, value, onChange, locked, missing, mark }} />
    ${missing && html`<p class="missing" id="${name}-missing">${question.kind === "choice" ? "Choose one answer first." : "Write your answer first."}</p>`}
    <${Hints} hints=${question.hints ?? []} opened=${opened} onOpen=${onOpenHint} locked=${locked} />`;
}

const SHORT = 24; // letters; choices this short stand two in a row where there is room

function Choices({ question, name, label, value, onChange, locked, missing, mark }) {
  const markOf = (chosen, right) => (chosen && right ? "Your answer, right" : chosen ? "Your answer" : "Right answer");
  const short = question.choices.every((choice) => choice.length <= SHORT);
  return html`<fieldset class="choices ${short ? "short" : ""} ${mark ? "marked" : ""}" disabled=${locked}
      aria-describedby=${missing ? `${name}-missing` : undefined}>
    <legend>${label}</legend>
    ${question.choices.map((choice, position) => {
      const chosen = choice === value;
      const right = mark?.answer === choice;
      return html`<label key=${choice} class="choice ${chosen ? "chosen" : ""} ${right ? "is-right" : ""}">
        <input type="radio" name=${name} value=${choice} checked=${chosen} required
          onChange=${() => onChange(choice)} id=${position ? undefined : name} />
        <span class="choice-text"><${Inline} text=${choice} /></span>
        ${mark && (chosen || right) && html`<span class="choice-mark">${markOf(chosen, right)}</span>`}
      </label>`;
    })}
  </fieldset>`;
}

const EXAMPLES = { numeric: "A number, such as 12, 0.75 or 3/4", expression: "Such as 2x + 3, x^2 or (x + 1)/2" };

function ShortAnswer({ question, name, label, value, onChange, locked, missing }) {
  const box = useRef(null);
  const numeric = question.kind === "numeric";

  /** Number pads of phones have no minus and no fraction bar. */
  function insert(sign) {
    const { selectionStart, selectionEnd } = box.current;
    onChange(value.slice(0, selectionStart) + sign + value.slice(selectionEnd));
    box.current.focus();
  }

  return html`<div class="short-answer">
    <label for=${name}>${label}</label>
    <div class="short-answer-row">
      <input id=${name} name=${name} ref=${box} type="text" value=${value} disabled=${locked} class=${question.kind}
        inputmode=${numeric ? "decimal" : "text"} autocomplete="off" autocapitalize="off" autocorrect="off" spellcheck=${false}
        aria-invalid=${missing ? "true" : undefined} aria-describedby="${name}-example ${missing ? `${name}-missing` : ""}"
        enterkeyhint="send" onInput=${(event) => onChange(event.target.value)} />
      ${question.unit && html`<span class="unit">${question.unit}</span>`}
      ${numeric && !locked && html`<span class="sign-keys">
        <button type="button" class="quiet" aria-label="Insert minus sign" onClick=${() => insert("-")}>−</button>
        <button type="button" class="quiet" aria-label="Insert fraction bar" onClick=${() => insert("/")}>/</button></span>`}
    </div>
    <p class="example" id="${name}-example">${locked ? "" : EXAMPLES[question.kind]}</p>
  </div>`;
}

function LongAnswer({ name, label, value, onChange, locked, missing, mark }) {
  if (mark) {
    return html`<div class="long-answer"><h3 class="said-title">${label}</h3>
      <p class="said"><${Marked} text=${mark.text} parts=${mark.parts} numbered /></p></div>`;
  }
  function onKeyDown(event) {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.target.form.requestSubmit();
  }
  return html`<div class="long-answer">
    <label for=${name}>${label}</label>
    <textarea id=${name} name=${name} rows="4" disabled=${locked} value=${value} onKeyDown=${onKeyDown}
      aria-invalid=${missing ? "true" : undefined} aria-describedby="${name}-example ${missing ? `${name}-missing` : ""}"
      onInput=${(event) => onChange(event.target.value)}></textarea>
    <p class="example" id="${name}-example">${
      locked ? "" : html`One or two sentences in your own words.<span class="with-keyboard"> Ctrl + Enter sends it.</span>`}</p>
  </div>`;
}

function Hints({ hints, opened, onOpen, locked }) {
  if (!hints.length || (locked && !opened)) return null;
  const left = hints.length - opened;
  return html`<div class="hints">
    <ol class="hint-list" aria-live="polite">
      ${hints.slice(0, opened).map((hint, position) => html`<li key=${position}>
        <span class="hint-name">Hint ${position + 1}</span><${Paragraphs} text=${hint} /></li>`)}
    </ol>
    ${left > 0 && !locked && html`<button type="button" class="quiet" onClick=${onOpen}>
      ${opened ? "Another hint" : "Show a hint"} <span class="small">(${left} left)</span></button>`}
  </div>`;
}
