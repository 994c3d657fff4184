/* Tracks one lesson of a page: opens a session, beats, and shows what the server has credited.
   Everything here is a report; only the server's own clock and rules decide what counts. No build step.
   The tag it works on comes from compliance_tracker(); beside it stands a lesson with data-compliance, which one
   of the adapters in players/ plays: a <video>, or what data-player names (reading, simulation). */
(function () {
  "use strict";
  const root = document.querySelector(".compliance-tracker");
  if (!root || root.dataset.running) return; // included twice: still one loop
  root.dataset.running = "yes";

  const at = root.dataset;
  const texts = JSON.parse(at.texts);
  const stage = document.querySelector("video[data-compliance]") || document.querySelector("[data-compliance]");
  const playing = stage && stage.dataset.player ? stage.dataset.player : stage && stage.tagName === "VIDEO" ? "video" : "reading";
  const film = playing === "video"; // ends by itself; what is read or tried out ends once it is learnt in full
  const PREFIX = "compliance:", KEY = PREFIX + at.lesson;
  const RETRY_SECONDS = 5;
  const QUIET_BEATS = 20; // paused or hidden for this many beats: fall silent, the server closes the session

  let session = load(KEY); // {token, nonce, seq, next, position}: kept over a reload of this tab
  let starting = false, sending = false; // one of each at a time
  let again = false;       // something changed while a beat was under way
  let blocked = false;     // another device learns, or we were refused: only the person goes on from here
  let finished = false;    // a text that is learnt in full is not opened again by itself
  let offline = false, timer = 0, quiet = 0, lastState = "";
  let position = session ? session.position : 0; // ms
  let credited = 0, planned = Number(at.planned) || 0, since = 0, polledAt = -Infinity; // since: seconds played after the last poll

  const player = window.lmscompliance.players[playing](stage, {
    lesson: at.lesson, idle: Number(at.idle), share: Number(at.share) / 1000, fastest: Number(at.fastest) / 1000,
    steps: at.steps, planned: () => planned, counting: () => Boolean(session),
    token: () => (session ? session.token : ""), told: (done) => showSteps(done),
  });

  /* What the page looks like ------------------------------------------------------------------ */
  const part = (name) => root.querySelector('[data-part="' + name + '"]');
  const bar = root.querySelector("progress");
  part("takeover").addEventListener("click", () => { say(""); start(true); });

  const clock = (seconds) => Math.floor(seconds / 60) + ":" + String(Math.floor(seconds % 60)).padStart(2, "0");
  function show() {
    const done = planned > 0 && credited >= planned;
    const name = done ? "done" : session || player.state() === "ended" ? state() : "idle";
    const detail = !done && session && name === "paused" ? player.detail() : "";
    const shown = Math.min(planned, credited + since);
    part("state").textContent = texts[detail || name];
    part("state").className = "badge " + (done || name === "playing" ? "badge-good" : "badge-wait");
    part("credit").textContent = !planned ? "" :
      texts.credited + " " + clock(shown) + " / " + texts.needed + " " + clock(planned) +
      (name === "ended" ? texts.short : ""); // played to its end, and yet some of it did not count
    bar.max = planned || 1;
    bar.value = shown;
  }
  function showSteps(done) {
    for (const item of document.querySelectorAll("[data-step]")) {
      if (done.includes(item.dataset.step)) item.dataset.done = "yes";
    }
    const sum = document.querySelector('[data-part="steps"]');
    if (sum) sum.textContent = document.querySelectorAll("[data-step][data-done]").length;
  }
  function count(told) {
    credited = told.credited_seconds; planned = told.planned_seconds || planned; since = 0;
  }
  function reveal(name, on) {
    part(name).hidden = !on;
    part(name).style.display = on ? "" : "none"; // a host's style for buttons outweighs "hidden"
  }
  function say(message, withTakeover) {
    part("message").textContent = message;
    reveal("message", message);
    reveal("takeover", withTakeover);
  }

  /* What the player does ---------------------------------------------------------------------- */
  function state() {
    if (document.hidden) return "hidden";
    return finished && !film ? "ended" : player.state();
  }
  const wantsToPlay = () => !document.hidden && !blocked && !(finished && !film) && player.wants();
  function where() {
    const now = player.positionMs();
    if (now !== null) position = now; // null: on its way to another place
    return position;
  }
  function goTo(milliseconds) {
    position = milliseconds;
    player.goTo(milliseconds);
  }
  function stop(message, withTakeover) {
    drop();
    blocked = true;
    say(message, withTakeover);
    player.stop(); // what would not count is not played on in silence
  }

  /* The session ------------------------------------------------------------------------------- */
  function load(key) {
    try { return JSON.parse(sessionStorage.getItem(key)); } catch (error) { return null; }
  }
  function drop() {
    session = null; lastState = "";
    clearTimeout(timer);
    try { sessionStorage.removeItem(KEY); } catch (error) { return; }
  }
  function post(url, body, headers) {
    const abort = new AbortController();
    const limit = setTimeout(() => abort.abort(), 10000);
    return fetch(url, {
      method: "POST", body: JSON.stringify(body), signal: abort.signal, credentials: "same-origin",
      headers: Object.assign({ "Content-Type": "application/json" }, headers),
    }).then(async (response) => ({ status: response.status, data: await response.json() }))
      .finally(() => clearTimeout(limit));
  }
  function announce(told) { // presence.js asks and answers
    root.dispatchEvent(new CustomEvent("compliance:presence", { detail: { token: session.token, told: told } }));
  }
  function line(up) {
    if (up === offline) say(up ? "" : texts.offline);
    offline = !up;
  }
  async function endOthers() {
    // Coming from another lesson in this tab: that one's session is ours to end, it is no other device.
    let kept = [];
    try { kept = Object.keys(sessionStorage); } catch (error) { return; }
    for (const key of kept) {
      const other = key.startsWith(PREFIX) && key !== KEY ? load(key) : null;
      if (!other) continue;
      sessionStorage.removeItem(key);
      const last = { token: other.token, seq: other.seq + 1, position_ms: other.position, state: "paused", nonce: other.nonce };
      await post(at.end, last).catch(() => {});
    }
  }
  async function start(takeover) {
    if (starting || session) return;
    starting = true;
    try {
      await endOthers();
      const wanted = { lesson_id: at.lesson, takeover: takeover };
      const answer = await post(at.sessions, wanted, { "X-Compliance-CSRF": at.csrf });
      line(true);
      const given = answer.data;
      if (answer.status === 201) {
        blocked = false;
        session = { token: given.token, nonce: given.nonce, seq: 0, next: given.beat_seconds };
        session.position = given.resume_position_ms;
        lastState = "playing"; // the opening is the first beat
        count(given);
        announce(given.presence);
        goTo(given.resume_position_ms);
        say("");
        if (takeover) player.resume().catch(() => say(texts.tap)); // no sound without a touch
      } else stop(given.detail || texts.refused, given.code === "learning.other_device");
    } catch (error) {
      line(false);
      schedule(RETRY_SECONDS);
    } finally {
      starting = false;
    }
    if (session) beat();
    show();
  }
  function next(reported) {
    session.seq += 1;
    session.position = where();
    // Kept before it is sent, so that after a reload no number is used for two different beats. Storage
    // may be full or forbidden: then a reload starts a new session.
    try { sessionStorage.setItem(KEY, JSON.stringify(session)); } catch (error) { /* as said */ }
    lastState = reported;
    return {
      token: session.token, seq: session.seq, position_ms: session.position, state: reported,
      nonce: session.nonce, // of the last answer; a beat without it is kept and counts for nothing
    };
  }
  async function beat() {
    if (!session) return;
    if (sending) { again = true; return; }
    sending = true;
    again = false;
    const sent = next(state());
    quiet = sent.state === "playing" ? 0 : quiet + 1;
    try {
      const answer = await post(sent.state === "ended" ? at.end : at.beats, sent);
      line(true);
      if (session && session.token === sent.token) take(answer, sent);
    } catch (error) {
      line(false); // nothing is kept back: the next beat says where we are then
      lastState = "";
    }
    sending = false;
    if (again || (session && !offline && state() !== lastState)) beat();
    else schedule(offline ? RETRY_SECONDS : session ? session.next : 0);
    show();
  }
  function take(answer, sent) {
    const told = answer.data;
    if (answer.status >= 500) { lastState = ""; return; }
    if (answer.status === 200 && told.state === "active" && told.seq <= session.seq) {
      session.next = told.next_seconds;
      session.nonce = told.nonce;
      announce(told.presence);
      try { sessionStorage.setItem(KEY, JSON.stringify(session)); } catch (error) { /* as in next() */ }
      if (performance.now() - polledAt > 1000 * Math.max(15, 3 * session.next)) poll();
    } else if (answer.status === 200 && (told.state === "superseded" || told.state === "active")) {
      stop(texts.superseded, true); // a number we never used: a copy of this page is ahead of us
    } else {
      drop(); // closed: ended by us, fallen silent (also 410), or a token of before
      if (told.credited_seconds !== undefined) count(told);
      else if (wantsToPlay()) start(false);
      else say(texts.closed);
    }
  }
  function schedule(seconds) {
    clearTimeout(timer); // one timer, however often we come here
    if (seconds && quiet < QUIET_BEATS) timer = setTimeout(() => (session ? beat() : sync()), seconds * 1000);
  }
  function sync() {
    if (session) {
      if (state() !== lastState) { quiet = 0; beat(); }
    } else if (wantsToPlay()) start(false);
    show();
  }
  function beacon() {
    if (!session || lastState === "hidden") return;
    navigator.sendBeacon(at.beats, JSON.stringify(next("hidden")));
    show();
  }
  async function poll() {
    polledAt = performance.now();
    try {
      const response = await fetch(at.progress, { credentials: "same-origin" });
      if (response.ok) count(await response.json());
    } catch (error) { return; }
    if (!film && !finished && planned && credited >= planned) {
      finished = true;
      if (session) beat();
    }
    show();
  }

  /* Events ------------------------------------------------------------------------------------ */
  document.addEventListener("visibilitychange", function () {
    if (document.hidden) { where(); beacon(); } else sync();
  });
  window.addEventListener("pagehide", beacon);
  window.addEventListener("pageshow", (event) => { if (event.persisted) sync(); });
  window.addEventListener("online", () => (session ? beat() : sync()));
  player.onchange = function (what) {
    if (what === "moved") { if (session) beat(); return; } // where it was, then where it went
    if (what === "wanted") blocked = false; // refused before: asked again
    if (what === "slowed") say(texts.slowed);
    sync();
  };
  setInterval(function () {
    if (session && !offline && state() === "playing" && player.rate() <= 1) since += 1;
    // About to be complete: told now, and not only when the next question is due.
    if (session && credited < planned && credited + since > planned && performance.now() - polledAt > 3000) {
      beat().then(poll);
    }
    show();
  }, 1000);
  poll().finally(function () {
    if (session) goTo(session.position);
    // After a reload the kept session is asked for; if it is closed, playing on starts another.
    if (session) beat(); else sync();
  });
})();
