// The teacher's verdict: one button a label, a score and a reason for who wants to give them.

import { html, useLayoutEffect, useRef, useState } from "./vendor/standalone.module.js";
import { toneOf, wordOf } from "./grading.js";
import { Notice } from "./notice.js";
import { percent } from "./standing.js";

const MOST_KEYS = 9;
const WRITES = "textarea, select, input:not([type=range], [type=checkbox])";

/** Give it a `key` per entry, so that the next one starts empty. `locked`: no verdict is taken now. `keys`: whether the number keys judge. */
export function Verdict({ entry, labels, locked, problem, teacher, onTeacher, keys, onKeys, onJudge, onLeave }) {
  const [score, setScore] = useState(null);
  const [reason, setReason] = useState("");
  const [nameless, setNameless] = useState(false);
  const form = useRef(null);
  const judge = useRef(null);

  judge.current = (label) => {
    if (locked) return;
    setNameless(!teacher.trim());
    if (!teacher.trim()) {
      form.current.querySelector("#teacher").focus();
      return;
    }
    onJudge({
      label, teacher: teacher.trim(), ...(score === null ? {} : { score }), ...(reason.trim() ? { reason: reason.trim() } : {}),
    });
  };

  useLayoutEffect(() => { // before the answer is on the screen: who sees it can press a key
    if (!keys) return undefined;
    function onKeyDown(event) {
      if (event.repeat || event.ctrlKey || event.altKey || event.metaKey || event.target.closest?.(WRITES)) return;
      const label = /^[1-9]$/.test(event.key) && labels[Number(event.key) - 1];
      if (!label) return;
      event.preventDefault();
      judge.current(label);
    }
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [keys, labels]);

  const moveTo = (event) => setScore(Number(event.target.value));
  return html`<form class="verdict-form card" ref=${form} aria-labelledby="verdict-title" aria-busy=${locked && !problem} onSubmit=${(event) => event.preventDefault()}>
    <h2 id="verdict-title">${entry.replaces ? "Your new verdict" : "Your verdict"}</h2>
    <div class="field"><label for="teacher">Your name</label>
      <input id="teacher" value=${teacher} maxlength="100" autocomplete="name" required aria-invalid=${nameless ? "true" : undefined}
        aria-describedby=${nameless ? "teacher-missing" : undefined}
        onInput=${(event) => { onTeacher(event.target.value); setNameless(false); }} />
      ${nameless && html`<p class="missing" id="teacher-missing" role="alert">Write your name first: it is kept with the verdict.</p>`}</div>
    <div class="field"><label for="score">Marks <span class="small">optional</span></label>
      <div class="score-row"><input id="score" type="range" min="0" max="1" step="0.05" value=${score ?? entry.grade.score} class=${score === null ? "unset" : ""}
          aria-valuetext=${score === null ? "not set, as the label says" : percent(score)} onInput=${moveTo} onClick=${moveTo} />
        <span class="score-value" aria-hidden="true">${score === null ? "as the label says" : percent(score)}</span>
        ${score !== null && html`<button type="button" class="quiet" onClick=${() => { setScore(null); form.current.querySelector("#score").focus(); }}>Clear<span
          class="hidden"> the marks</span></button>`}</div></div>
    <div class="field"><label for="reason">Reason <span class="small">optional</span></label>
      <textarea id="reason" rows="2" maxlength="2000" value=${reason} onInput=${(event) => setReason(event.target.value)}></textarea></div>
    <div class="labels" role="group" aria-label="Judge the answer">${labels.map((label, position) => html`<button type="button" key=${label}
      class="label-button tone-${toneOf({ label, score: 1 - position / Math.max(1, labels.length - 1) })}" data-label=${label} aria-disabled=${locked}
      aria-keyshortcuts=${keys && position < MOST_KEYS ? String(position + 1) : undefined} onClick=${() => judge.current(label)}>
      <span>${wordOf(label)}</span>${keys && position < MOST_KEYS && html`<kbd aria-hidden="true">${position + 1}</kbd>`}</button>`)}</div>
    <${Notice} problem=${problem} />
    <div class="after-labels">
      <button type="button" class="quiet" aria-disabled=${locked && !problem} onClick=${onLeave}>${entry.replaces ? "Leave it as it was" : "Leave for later"}</button>
      <label class="keys-switch"><input type="checkbox" checked=${keys} onChange=${(event) => onKeys(event.target.checked)} /> Number keys judge</label>
    </div>
  </form>`;
}
