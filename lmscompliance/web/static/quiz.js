/* Keeps the answers of an open quiz on this device until it is handed in: a call that comes in, a tab that the
   phone kills or a dead battery costs none of them. Nothing is sent; what counts is what is handed in. */
(function () {
  "use strict";
  const root = document.querySelector("[data-quiz-of]");
  if (!root) return;
  const form = root.closest("form");
  const prefix = "compliance:quiz:" + root.dataset.quizOf + ":";
  const key = form ? prefix + root.value : "";

  function kept() { // private windows and full devices keep nothing, and the quiz goes on without
    try { return JSON.parse(localStorage.getItem(key)); } catch { return null; }
  }
  try { // what was handed in, here or elsewhere, is of no use any more
    for (const one of Object.keys(localStorage)) if (one.startsWith(prefix) && one !== key) localStorage.removeItem(one);
  } catch { return; }
  if (!form) return;

  const fields = Array.from(form.elements).filter((field) => /^q\d/.test(field.name));
  const ticked = (field) => field.type === "radio" || field.type === "checkbox";
  // On a slow network the quiz is there before this script: what was answered meanwhile is the newest.
  const early = new Set(fields.filter(window.lmscompliance.touched).map((field) => field.name));
  const given = kept();
  if (Array.isArray(given) && given.length === fields.length) {
    fields.forEach((field, at) => {
      if (early.has(field.name)) return;
      if (ticked(field)) field.checked = given[at] === true;
      else if (typeof given[at] === "string") field.value = given[at];
    });
  }
  function keep() {
    try {
      localStorage.setItem(key, JSON.stringify(fields.map((field) => (ticked(field) ? field.checked : field.value))));
    } catch { /* not kept: the page itself still has it */ }
  }
  form.addEventListener("input", keep);
  if (early.size) keep();
})();
