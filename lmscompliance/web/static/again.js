/* Loads a page anew every two seconds while something is being made on it, but never over what somebody is
   filling in: not while a field has the cursor or was changed, nor while a part has been unfolded. */
(function () {
  "use strict";
  const SECONDS = 2;
  const address = document.currentScript.dataset.address || location.href.split("#")[0];
  const folded = Array.from(document.querySelectorAll("main details:not([open])"));

  const changed = (field) => field === document.activeElement || window.lmscompliance.touched(field);
  function busy() {
    return folded.some((one) => one.open) ||
      Array.from(document.querySelectorAll("main input, main select, main textarea")).some(changed);
  }
  setInterval(() => { if (!busy()) location.replace(address); }, SECONDS * 1000);
})();
