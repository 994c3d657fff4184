/* Presence checks of a tracked lesson: the server asks now and then whether somebody is there.
   tracker.js says what each beat was told; this shows the check over the lesson, sends the answer and offers
   the make-up. What is right, and when time is over, the server alone knows. No build step. */
(function () {
  "use strict";
  const root = document.querySelector(".compliance-tracker");
  if (!root || root.dataset.presenceRunning) return;
  root.dataset.presenceRunning = "yes";

  const url = root.dataset.presence;
  const texts = JSON.parse(root.dataset.texts);
  const video = document.querySelector("video[data-compliance]");
  const text = (name, values) =>
    texts["presence_" + name].replace(/\{(\w+)\}/g, (whole, key) => (values || {})[key]);
  const LONGEST_SIDE = 640; // of a photo
  const SLOW_MS = 60000; // what sending one may take

  let token = "", known = "";   // the session, and what is on the page for it
  let open = null, ticking = 0; // the check that is shown, and its clock
  let resume = false;           // the video played when the check came

  /* What it looks like ---------------------------------------------------------------------- */
  function make(name, style, content) {
    const element = document.createElement(name);
    if (style) element.style.cssText = style;
    if (content) element.textContent = content;
    return element;
  }
  const dialog = make("dialog", "width:min(30rem,calc(100vw - 2rem));max-height:calc(100vh - 2rem);overflow:auto;" +
    "padding:1rem;border:0;border-radius:10px;color:#1a2330;background:#fff;font:16px/1.6 system-ui,sans-serif;" +
    "overflow-wrap:anywhere;box-sizing:border-box");
  const title = make("h2", "margin:0 0 .25rem;font-size:1.15rem", text("title"));
  const about = make("p", "margin:.25rem 0;color:#566172;font-size:.9rem");
  const clock = make("p", "margin:.25rem 0;font-weight:600;font-variant-numeric:tabular-nums");
  const said = make("p", "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);margin:0");
  const form = make("form", "margin:.5rem 0 0");
  const fault = make("p", "margin:.5rem 0;color:#a3211b");
  title.id = "compliance-presence-title";
  about.id = "compliance-presence-about";
  dialog.setAttribute("aria-labelledby", title.id);
  dialog.setAttribute("aria-describedby", about.id);
  said.setAttribute("aria-live", "assertive"); // the clock itself is not read out each second
  clock.setAttribute("aria-hidden", "true");
  fault.setAttribute("role", "alert");
  dialog.append(title, about, clock, said, form, fault);
  const notice = make("div");
  notice.className = "notice notice-wait";
  notice.setAttribute("role", "alert");
  notice.hidden = true;
  root.append(notice, dialog);

  function button(label) {
    const made = make("button", "min-height:44px;min-width:44px;margin-top:.75rem", label);
    return made;
  }
  const remain = (seconds) => Math.floor(seconds / 60) + ":" + String(Math.floor(seconds % 60)).padStart(2, "0");

  /* What is asked ---------------------------------------------------------------------------- */
  function choices(check, kind) {
    const box = make("fieldset", "border:0;padding:0;margin:0");
    box.append(make("legend", "font-weight:600;padding:0", check.text));
    if (kind === "checkbox") box.append(make("p", "margin:.25rem 0;font-size:.9rem", text("several")));
    check.options.forEach(function (option, place) {
      const label = make("label", "display:flex;gap:.6rem;align-items:center;min-height:44px;font-weight:400;margin:0");
      const input = make("input", "width:1.35rem;height:1.35rem;flex:none");
      input.type = kind; input.name = "option"; input.value = String(place);
      label.append(input, make("span", "", option));
      box.append(label);
    });
    form.append(box);
    return () => [...box.querySelectorAll("input:checked")].map((input) => Number(input.value));
  }
  function field(label, numeric) {
    const wrap = make("label", "display:block;font-weight:600", label);
    const input = make("input", "display:block;width:100%;box-sizing:border-box;min-height:44px;font:inherit;" +
      "margin-top:.25rem;padding:.5rem");
    input.type = "text"; input.autocomplete = "off";
    if (numeric) input.inputMode = "numeric";
    wrap.append(input);
    form.append(wrap);
    return () => (input.value.trim() ? [input.value.trim()] : []);
  }
  function camera() {
    const wrap = make("label", "display:block;font-weight:600", text("photo"));
    const input = make("input", "display:block;width:100%;min-height:44px;margin-top:.25rem");
    input.type = "file"; input.accept = "image/*"; input.setAttribute("capture", "user");
    wrap.append(input);
    form.append(wrap);
    return async function () {
      if (!input.files.length) return [];
      const picture = await createImageBitmap(input.files[0]);
      const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
      const canvas = document.createElement("canvas");
      canvas.width = picture.width * scale; canvas.height = picture.height * scale;
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      return [canvas.toDataURL("image/jpeg", 0.8).split(",")[1]];
    };
  }
  function reader(check) {
    if (check.form === "choice") return choices(check, "radio");
    if (check.form === "choices") return choices(check, "checkbox");
    if (check.form === "code") return field(text("code"), true);
    if (check.form === "photo") return camera();
    if (check.form === "tap") { form.append(make("p", "margin:0", text("tap"))); return () => [true]; }
    return field(check.text, true);
  }

  /* What happens ------------------------------------------------------------------------------ */
  async function call(path, body) {
    let answer;
    try {
      answer = await window.lmscompliance.outbox.ask(url + path, {
        method: "POST", headers: { "Content-Type": "application/json" },
        body: JSON.stringify(Object.assign({ token: token }, body)),
      }, SLOW_MS);
    } catch (error) { throw new Error(text("failed")); } // a browser's own words are nobody's language
    if (answer.status !== 200) throw new Error(answer.data.detail || text("failed"));
    return answer.data;
  }
  async function look() {
    try { show(await call("", {})); } catch (error) { known = ""; } // the next beat tells again
  }
  function show(stands) {
    known = stands.standing;
    root.dispatchEvent(new CustomEvent("compliance:standing", { detail: known })); // what counts may change by it
    if (stands.check) ask(stands.check); else done(stands);
  }
  function ask(check) {
    notice.hidden = true;
    if (open === check.id) return;
    open = check.id;
    form.replaceChildren(); fault.textContent = "";
    const read = reader(check);
    const send = button(check.form === "tap" ? text("here") : text("submit"));
    form.append(send);
    form.onsubmit = async function (event) {
      event.preventDefault();
      const answer = await read();
      if (!answer.length) { fault.textContent = text("empty"); return; }
      send.disabled = true;
      try { show(await call("/answer", { check: check.id, answer: answer })); }
      catch (error) {
        fault.textContent = error.message;
        send.disabled = false;
        look(); // the answer may have arrived, and only what was said to it got lost
      }
    };
    about.textContent = text(check.longer ? "about_longer" : "about", { time: remain(check.seconds) });
    if (video && !video.paused) { resume = true; video.pause(); }
    if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
    if (!dialog.open) dialog.showModal();
    count(check);
  }
  function count(check) {
    const over = performance.now() + check.seconds_left * 1000;
    let last = Infinity;
    clearInterval(ticking);
    ticking = setInterval(tick, 250);
    tick();
    function tick() {
      const left = Math.max(0, (over - performance.now()) / 1000);
      // Whoever was granted more time is not hurried.
      clock.textContent = check.longer ? "" : text("left", { time: remain(Math.ceil(left)) });
      for (const mark of [30, 10]) {
        if (left <= mark && last > mark && check.seconds > mark) said.textContent = text("left", { time: remain(mark) });
      }
      last = left;
      if (left > 0) return;
      clearInterval(ticking);
      setTimeout(look, 1500); // it is missed once the server's clock says so as well
    }
  }
  function done(stands) {
    const asked = open;
    open = null;
    clearInterval(ticking);
    if (dialog.open) dialog.close();
    notice.replaceChildren();
    notice.hidden = !asked && stands.standing !== "missed";
    if (stands.standing === "missed") {
      notice.className = "notice notice-bad";
      const restores = stands.restores_seconds > 0;
      const left = stands.make_ups_left;
      const name = !left ? "missed_used" : restores ? "missed" : "missed_late";
      notice.append(make("p", "margin:0", text(name, { left: left, time: remain(stands.restores_seconds) })));
      if (left) {
        const again = button(text("make_up"));
        again.type = "button";
        again.addEventListener("click", async function () {
          again.disabled = true;
          try { show(await call("/ask", {})); } catch (error) { notice.append(make("p", "", error.message)); }
        });
        notice.append(again);
      }
      return;
    }
    if (!asked) return;
    notice.className = "notice notice-good";
    notice.append(make("p", "margin:0", text("passed")));
    setTimeout(() => { if (!known) notice.hidden = true; }, 6000);
    if (resume && video) video.play().catch(() => {});
    resume = false;
  }

  dialog.addEventListener("cancel", (event) => event.preventDefault()); // a check is answered, not dismissed
  root.addEventListener("compliance:presence", function (event) {
    const told = event.detail.told || "", fresh = event.detail.token !== token;
    token = event.detail.token;
    // A plain beat is told nothing; after a reload the first one asks, because a miss may be waiting.
    if (fresh || (told && told !== known) || (told === "due" && !open)) look();
  });
})();
