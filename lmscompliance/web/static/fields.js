/* Whether somebody changed a field since the server sent it: before the page's script came, say. */
(() => {
  "use strict";
  const lms = (window.lmscompliance = window.lmscompliance || {});

  lms.touched = (field) => {
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field.tagName !== "SELECT") return field.value !== field.defaultValue;
    // Where the server chose none, the browser shows the first.
    return field.selectedIndex !== Math.max(0, [...field.options].findIndex((one) => one.defaultSelected));
  };
})();
