/* Tracks one lesson of a page: opens a session, beats, and shows what the server has credited.
   Everything here is a report; only the server's own clock and rules decide what counts. No build step.
   The tag it works on comes from compliance_tracker(); beside it stands a lesson with data-compliance, which one
   of the adapters in players/ plays: a <video>, or what data-player names (reading, simulation). */
(function () {
  "use strict";
  const root = document.querySelector(".compliance-tracker");
  if (!root || root.dataset.running) return; // included twice: still one loop

  const at = root.dataset;
  const texts = JSON.parse(at.texts);
  const stage = document.querySelector("video[data-compliance]") || document.querySelector("[data-compliance]");
  const playing = stage && stage.dataset.player ? stage.dataset.player : stage && stage.tagName === "VIDEO" ? "video" : "reading";
  const film = playing === "video"; // ends by itself; what is read or tried out ends once it is learnt in full
  const PREFIX = "compliance:", KEY = PREFIX + at.lesson, UNREAD = "compliance-unread";
  const { outbox, players } = window.lmscompliance || {}; // the outbox keeps what is not answered yet
  // A script that did not come: without checks being shown, say, time would count and be voided. The page's
  // notice that no time counts then stays, with the advice to reload.
  if (!outbox || !players || !players[playing] || !at.presenceRunning) return;
  at.running = "yes";
  const RETRY_SECONDS = 5;
  const STALL_MS = 15000; // a page whose timers stood still for so long was asleep, or frozen
  const LIVE_MS = 15000; // how often it is asked whether the host of a live lesson is there
  const QUIET_BEATS = 20; // paused or hidden for this many beats: fall silent, the server closes the session

  let session = load(KEY); // see start(): kept over a reload of this tab
  if (session) outbox.resume(session);
  let starting = false, sending = false; // one of each at a time
  let again = false;       // something changed while a beat was under way
  let blocked = false;     // another device learns, or we were refused: only the person goes on from here
  let finished = false;    // a text that is learnt in full is not opened again by itself
  let offline = false, saved = true, ticked = outbox.now(), tickedWall = Date.now(), tickedPosition = session ? session.position : 0;
  let timer = 0, quiet = 0, lastState = "";
  let position = session ? session.position : 0; // ms
  let live = null; // how a live lesson stands
  let standing = "";       // with presence checks; after a missed one nothing counts until one is passed
  let credited = 0, planned = Number(at.planned) || 0, since = 0, polledAt = -Infinity; // since: seconds played after the last poll

  const player = players[playing](stage, {
    lesson: at.lesson, idle: Number(at.idle), share: Number(at.share) / 1000, fastest: Number(at.fastest) / 1000,
    steps: at.steps, planned: () => planned, counting: () => Boolean(session),
    token: () => (session ? session.token : ""), told: (done) => showSteps(done),
  });

  if (session) player.goTo(session.position); // before anything asks where it is

  /* What the page looks like ------------------------------------------------------------------ */
  const part = (name) => root.querySelector('[data-part="' + name + '"]');
  const bar = root.querySelector("progress");
  part("takeover").addEventListener("click", () => { say(""); start(true); });

  const clock = (seconds) => Math.floor(seconds / 60) + ":" + String(Math.floor(seconds % 60)).padStart(2, "0");
  function show() {
    const done = planned > 0 && credited >= planned;
    const seen = session || player.state() === "ended" ? state() : "idle";
    const name = done ? "done" : seen === "playing" && standing === "missed" ? "unproven" : seen;
    const detail = !done && (name === "paused" || name === "idle") ? player.detail() : "";
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
  function showLive(told) { // only of a live lesson, whose host may come and go
    live = told;
    if (!told) return;
    part("live").textContent = told.text;
    part("live").className = "notice notice-" + (told.state === "on" ? "good" : "wait");
    reveal("live", true);
  }
  function showQuiz(told) { // of a lesson whose time counts once its quiz is passed; our own page says so itself
    if (!part("quiz") || document.querySelector("[data-quiz-card]")) return;
    reveal("quiz", told);
    if (!told) return;
    part("quiz").querySelector("span").textContent = told.text;
    const link = part("quiz").querySelector("a");
    link.textContent = told.open;
    link.href = told.url;
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
    if (session) outbox.forget(session, KEY);
    session = null; lastState = "";
    clearTimeout(timer);
  }
  function post(url, body, headers) {
    return outbox.ask(url, {
      method: "POST", body: JSON.stringify(body), headers: Object.assign({ "Content-Type": "application/json" }, headers),
    }).then((answer) => {
      if (answer.status >= 500) throw new Error("unavailable"); // as good as no network: asked again
      return answer;
    });
  }
  function announce(told) { // presence.js asks and answers
    root.dispatchEvent(new CustomEvent("compliance:presence", { detail: { token: session.token, told: told } }));
  }
  root.addEventListener("compliance:standing", function (event) {
    if (standing !== event.detail) poll(); // the time of a missed check, or what passing one gave back
    standing = event.detail;
  });
  function line(up) {
    if (up && offline) say("");
    offline = !up;
    if (offline) tellOffline();
  }
  function tellOffline() {
    if (!session) { say(texts.offline_idle); return; }
    const left = session.late - (outbox.now() - session.base) / 1000;
    if (left <= 0) player.stop(); // what would not count is not played on in silence
    say(left <= 0 ? texts.offline_over : (saved ? texts.offline : texts.offline_unsaved)
      .replace("{minutes}", Math.ceil(left / 60)));
  }
  async function endOthers() {
    // Coming from another lesson in this tab: that one's session is ours to end, it is no other device.
    let kept = [];
    try { kept = Object.keys(sessionStorage); } catch (error) { return; }
    for (const key of kept) {
      const other = key.startsWith(PREFIX) && key !== KEY ? load(key) : null;
      if (!other) continue;
      try { // without a network it stays in the outbox, for deliver()
        await post(at.end, outbox.farewell(other));
        outbox.forget(other, key);
      } catch (error) { sessionStorage.removeItem(key); }
    }
  }
  async function deliver() {
    for (const one of outbox.left(session)) {
      try { await post(at.end, outbox.farewell(one)); } catch (error) { return; }
      outbox.forget(one, "");
      poll();
    }
  }
  /* An opening whose answer nobody reads is a session all the same: of this tab, and no other device's. */
  function unread(is) {
    try {
      if (is) sessionStorage.setItem(UNREAD, "true");
      else sessionStorage.removeItem(UNREAD);
    } catch (error) { /* forbidden: taken for another device until it is silent */ }
  }
  async function start(takeover) {
    if (starting || session) return;
    starting = true;
    try {
      await endOthers();
      const wanted = { lesson_id: at.lesson, takeover: takeover, again: Boolean(load(UNREAD)) };
      unread(true);
      const answer = await post(at.sessions, wanted, { "X-Compliance-CSRF": at.csrf });
      unread(false);
      line(true);
      const given = answer.data;
      if (answer.status === 201) {
        blocked = false;
        session = {
          id: given.session, token: given.token, nonce: given.nonce, seq: 0, acked: 0, queue: [], was: "playing",
          base: outbox.now(), // when the last answer was read; from then on the window for late reports runs
          late: given.late_seconds, next: given.beat_seconds, position: given.resume_position_ms,
        };
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
  function note(reported, more) {
    session.position = where();
    outbox.note(session, session.position, reported, more);
    lastState = reported;
    saved = outbox.keep(session, KEY);
  }
  function noteStall() {
    // Timers stood still: asleep or frozen without a word. The last tick is when it was last known to learn,
    // unless the lesson went on by itself, as a film does under a slow timer.
    const now = outbox.now(), stalled = Math.max(now - ticked, Date.now() - tickedWall);
    const played = where() - tickedPosition;
    if (session && lastState === "playing" && stalled > STALL_MS && played < stalled - STALL_MS) {
      const last = session.queue[session.queue.length - 1];
      outbox.note(session, tickedPosition, "hidden", { at: Math.max(ticked, last ? last[1] : session.base) });
    }
    ticked = now; tickedWall = Date.now(); tickedPosition = position;
  }
  async function beat(retry) {
    if (!session) return;
    if (sending) { again = true; return; }
    sending = true;
    again = false;
    noteStall();
    note(state(), { retry: retry === true });
    quiet = lastState === "playing" ? 0 : quiet + 1;
    const sent = outbox.body(session);
    try {
      const answer = await post(sent.state === "ended" ? at.end : at.beats, sent);
      line(true);
      if (session && session.token === sent.token) take(answer);
    } catch (error) {
      line(false); // it stays in the outbox and goes along with the next
    }
    sending = false;
    if (again || (session && !offline && state() !== lastState)) beat();
    else schedule(offline ? RETRY_SECONDS : session ? session.next : 0);
    show();
  }
  function take(answer) {
    const told = answer.data;
    if (answer.status === 200 && told.state === "active" && told.seq <= session.seq) {
      outbox.answered(session, told);
      announce(told.presence);
      outbox.keep(session, KEY);
      if (performance.now() - polledAt > 1000 * Math.max(15, 3 * session.next)) poll();
    } else if (answer.status === 200 && (told.state === "superseded" || told.state === "active")) {
      stop(texts.superseded, true); // a number we never used: a copy of this page is ahead of us
    } else {
      drop(); // closed: ended by us, fallen silent (also 410), or a token of before
      if (told.credited_seconds !== undefined) count(told);
      else {
        poll(); // what was late may have counted
        if (wantsToPlay()) start(false); else say(texts.closed);
      }
    }
  }
  function schedule(seconds) {
    clearTimeout(timer); // one timer, however often we come here
    if (seconds && quiet < QUIET_BEATS) timer = setTimeout(() => (session ? beat(offline) : sync()), seconds * 1000);
  }
  function sync() {
    if (session) {
      if (state() !== lastState) { quiet = 0; beat(); }
    } else if (wantsToPlay()) start(false);
    show();
  }
  function beacon() {
    if (!session || lastState === "hidden") return;
    note("hidden");
    const sent = JSON.stringify(outbox.body(session));
    // Some browsers inside apps have no sendBeacon. Should neither get through, the outbox has it.
    if (navigator.sendBeacon) navigator.sendBeacon(at.beats, sent);
    else fetch(at.beats, { method: "POST", body: sent, keepalive: true }).catch(() => {});
    show();
  }
  async function poll() {
    polledAt = performance.now();
    try {
      const { status, data: told } = await outbox.ask(at.progress);
      if (status === 200) {
        count(told);
        showLive(told.live);
        showQuiz(told.quiz);
      }
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
  document.addEventListener("freeze", beacon);
  document.addEventListener("resume", sync);
  window.addEventListener("online", () => { if (session) beat(true); else sync(); deliver(); });
  player.onchange = function (what) {
    if (what === "moved") { if (session) beat(); return; } // where it was, then where it went
    if (what === "wanted") blocked = false; // refused before: asked again
    if (what === "slowed") say(texts.slowed);
    sync();
  };
  setInterval(function () {
    if (outbox.now() - ticked > STALL_MS || Date.now() - tickedWall > STALL_MS) { if (session) beat(); }
    if (!sending) { ticked = outbox.now(); tickedWall = Date.now(); tickedPosition = where(); }
    if (offline) tellOffline();
    if (live && performance.now() - polledAt > LIVE_MS) poll();
    if (session && !offline && !standing && state() === "playing" && player.rate() <= 1) since += 1;
    // About to be complete: told now, and not only when the next question is due.
    if (session && credited < planned && credited + since > planned && performance.now() - polledAt > 3000) {
      beat().then(poll);
    }
    show();
  }, 1000);
  setInterval(deliver, 12000);
  part("waiting").remove();
  const polled = poll().finally(deliver);
  // After a reload the kept session is asked for; if it is closed, playing on starts another. A film may have
  // played long before this script came; a text waits to be told whether it is learnt in full.
  if (session) beat(); else if (film) sync(); else polled.finally(sync);
})();
