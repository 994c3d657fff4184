// Shows the next sign-in code in time. What stands on the screen is only ever a code the server just made:
// when it cannot be reached the old one is greyed out, because nobody could sign in with it.
(() => {
  "use strict";
  document.querySelectorAll("[data-waiting]").forEach((one) => one.remove()); // it has come
  for (const figure of document.querySelectorAll("[data-code]")) {
    const image = figure.querySelector("img");
    const problem = figure.querySelector("[data-code-problem]");
    const source = figure.dataset.code + (figure.dataset.code.includes("?") ? "&" : "?");
    const stale = (is) => {
      figure.classList.toggle("stale", is);
      problem.hidden = !is;
    };
    image.addEventListener("load", () => stale(false));
    image.addEventListener("error", () => stale(true));
    const next = () => {
      image.src = `${source}origin=${encodeURIComponent(location.origin)}&at=${Date.now()}`;
    };
    // A phone that was locked shows what it last drew: ask at once when somebody looks again.
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && next());
    // Twice in each rotation, so a shown code is never older than one and a half.
    setInterval(next, Math.max(1000, Number(figure.dataset.seconds) * 500));
    next();
  }
})();
