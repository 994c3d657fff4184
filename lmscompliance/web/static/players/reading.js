/* Reading: a text in the page or in a frame of our own origin, or the pages of a PDF as pictures. The position
   is the time actively read. It runs while something was touched, scrolled or typed lately, and while the part
   in view still has time: nobody learns a long text by leaving its first screen open. The server judges this
   like any other position; here it is only made honest. */
(function () {
  "use strict";
  const players = ((window.lmscompliance = window.lmscompliance || {}).players = window.lmscompliance.players || {});
  const PARTS = 20;    // a text is cut into so many parts of equal height
  const TICK = 250;    // ms
  const INPUTS = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart", "touchmove", "scroll"];

  /* Somebody is there as long as something was done within the idle time; onchange is told when that turns. */
  players.presence = function (seconds, onchange) {
    let last = performance.now(), idle = false;
    function touch() {
      last = performance.now();
      if (idle) { idle = false; onchange(); }
    }
    function watch(target) {
      for (const name of INPUTS) target.addEventListener(name, touch, { passive: true, capture: true });
    }
    watch(window);
    window.addEventListener("blur", () => { // a touch inside a frame that keeps its events to itself
      if (document.activeElement && document.activeElement.tagName === "IFRAME") touch();
    });
    setInterval(() => {
      if (!idle && performance.now() - last > seconds * 1000) { idle = true; onchange(); }
    }, TICK);
    return { touch, watch, idle: () => idle || performance.now() - last > seconds * 1000 };
  };

  players.reading = function (element, how) {
    const KEY = "compliance-read:" + how.lesson;
    const share = (how.planned() * 1000 * how.share) / PARTS; // ms that a part may take
    let used = load(), position = 0, last = performance.now(), spent = false;
    let lacks = missing();
    const self = {
      onchange: () => {},
      positionMs: () => Math.round(position),
      state: () => (here.idle() || spent || lacks ? "paused" : "playing"),
      wants: () => !here.idle() && !missing(), // without its text there is nothing to count
      detail: () => lacks || (here.idle() ? "away" : spent ? "read_on" : ""),
      rate: () => 1,
      goTo(ms) { position = Math.max(position, ms); },
      stop() {},
      resume: () => Promise.resolve(),
    };
    const here = players.presence(how.idle, () => self.onchange("state"));

    function load() {
      try {
        const kept = JSON.parse(sessionStorage.getItem(KEY));
        if (Array.isArray(kept) && kept.length === PARTS) return kept;
      } catch (error) { /* begins anew */ }
      return new Array(PARTS).fill(0);
    }
    function frame() {
      try { return element && element.tagName === "IFRAME" ? element.contentDocument : null; } catch (error) { return null; }
    }
    function attach() {
      const inside = frame();
      if (inside && inside.defaultView) here.watch(inside.defaultView);
    }
    if (element && element.tagName === "IFRAME") { element.addEventListener("load", attach); attach(); }

    /* Why nothing can be read, as with a film that waits for its data: "stalled" or "broken"; else "". */
    function missing() {
      if (!element) return "";
      if (element.tagName !== "IFRAME") {
        // Pages as pictures: one of those in view has to be there.
        const seen = [...element.querySelectorAll("img[data-page]")].filter((one) => {
          const box = one.getBoundingClientRect();
          return box.bottom > 0 && box.top < innerHeight;
        });
        if (!seen.length || seen.some((one) => one.complete && one.naturalWidth)) return "";
        return seen.every((one) => one.complete) ? "broken" : "stalled";
      }
      const inside = frame();
      if (inside) return inside.readyState === "loading" || inside.URL === "about:blank" ? "stalled" : "";
      // It says nothing of itself: of another origin, or shut by its sandbox; or the browser's own error page.
      const open = !element.hasAttribute("sandbox") || element.sandbox.contains("allow-same-origin");
      return open && new URL(element.src, location.href).origin === location.origin ? "broken" : "";
    }

    /* Which parts can be seen, as [first, last]; all of them where that cannot be told. */
    function view() {
      const inside = frame();
      let top, bottom, total;
      if (element && element.tagName === "IFRAME") {
        const root = inside && inside.scrollingElement;
        if (!root) return [0, PARTS - 1]; // a frame of another origin tells nothing
        top = root.scrollTop; bottom = top + element.clientHeight; total = root.scrollHeight;
      } else {
        const box = (element || document.body).getBoundingClientRect();
        top = Math.max(0, -box.top); bottom = Math.min(box.height, innerHeight - box.top); total = box.height;
      }
      if (!(total > 0) || bottom <= top) return null; // scrolled out of sight
      const part = (at) => Math.max(0, Math.min(PARTS - 1, Math.floor((at / total) * PARTS)));
      return [part(top), part(bottom - 1)];
    }

    setInterval(function () {
      const now = performance.now(), passed = Math.min(now - last, 4 * TICK); // a page that slept read nothing
      last = now;
      const seen = view(), open = [];
      for (let part = seen ? seen[0] : 0; seen && part <= seen[1]; part += 1) if (used[part] < share) open.push(part);
      const was = spent, lacked = lacks;
      spent = how.planned() > 0 && open.length === 0;
      lacks = missing();
      if (spent !== was || lacks !== lacked) self.onchange("state");
      if (document.hidden || !how.counting() || self.state() !== "playing") return;
      position += passed;
      for (const part of open) used[part] += passed / open.length;
      try { sessionStorage.setItem(KEY, JSON.stringify(used)); } catch (error) { /* a reload begins anew */ }
    }, TICK);
    return self;
  };
})();
