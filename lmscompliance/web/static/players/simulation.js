/* A simulation: a page that tells what the learner does. The host's page, or a frame of the same origin, calls
   lmscompliance.simulation.event(name, detail); any frame posts {lmscompliance: "simulation.event", name, detail}.
   Events are kept with the session and say which of the expected steps are done; they are never credit by
   themselves. Time runs while somebody is there: an event, or a touch, within the idle time. */
(function () {
  "use strict";
  const lmscompliance = (window.lmscompliance = window.lmscompliance || {});
  const players = (lmscompliance.players = lmscompliance.players || {});
  const RETRY = 3000, AT_ONCE = 20;

  players.simulation = function (element, how) {
    const KEY = "compliance-steps:" + how.lesson;
    let position = 0, last = performance.now(), sending = false;
    let waiting = load(); // events the server has not confirmed: kept over a reload
    const self = {
      onchange: () => {},
      positionMs: () => Math.round(position),
      state: () => (here.idle() ? "paused" : "playing"),
      wants: () => !here.idle(),
      detail: () => (here.idle() ? "away" : ""),
      rate: () => 1,
      goTo(ms) { position = Math.max(position, ms); },
      stop() {},
      resume: () => Promise.resolve(),
    };
    const here = players.presence(how.idle, () => self.onchange("state"));

    function load() {
      try { return JSON.parse(sessionStorage.getItem(KEY)) || []; } catch (error) { return []; }
    }
    function keep() {
      try { sessionStorage.setItem(KEY, JSON.stringify(waiting)); } catch (error) { /* lost by a reload */ }
    }
    function event(name, detail) {
      here.touch();
      if (typeof name !== "string" || !name) return;
      const text = detail === undefined || detail === null ? "" : typeof detail === "string" ? detail : JSON.stringify(detail);
      const id = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
      waiting.push({ id: id, name: name.slice(0, 64), detail: text.slice(0, 2000) });
      keep();
      send();
    }
    async function send() {
      const token = how.token();
      if (sending || !waiting.length || !token) return;
      sending = true;
      const some = waiting.slice(0, AT_ONCE);
      try {
        const { status, data: answer } = await lmscompliance.outbox.ask(how.steps, {
          method: "POST", headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ token: token, events: some }),
        });
        if (status === 200 && answer.state !== "closed") {
          waiting = waiting.slice(some.length);
          how.told(answer.done);
        } else if (status === 422) waiting = waiting.slice(some.length); // malformed: never accepted
        keep();
      } catch (error) { /* tried again below */ }
      sending = false;
    }
    lmscompliance.simulation = { event: event };
    window.addEventListener("message", function (message) {
      const told = message.data;
      if (!element || message.source !== element.contentWindow || !told) return;
      if (told.lmscompliance === "simulation.event") event(told.name, told.detail);
      else if (told.lmscompliance === "activity") here.touch();
    });
    // Held back by the page until somebody listens: what was done before would be told to nobody.
    if (element && element.dataset.src) element.src = element.dataset.src;
    setInterval(send, RETRY);
    setInterval(function () {
      const now = performance.now(), passed = Math.min(now - last, 1000);
      last = now;
      if (!document.hidden && how.counting() && self.state() === "playing") position += passed;
    }, 250);
    return self;
  };
})();
