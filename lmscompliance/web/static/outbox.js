/* What a page has reported and read no answer to yet: kept on the device until it is answered, over a reload
   and a killed tab. Each report has the time of a steady clock, which a change of the device's clock does not
   move; the server places it after the answer that the page read last, and never after its arrival. */
(function () {
  "use strict";
  const lms = (window.lmscompliance = window.lmscompliance || {});
  const STORED = "compliance:late:";
  const MOST = 200;      // reports the server takes at once
  const PATIENCE_MS = 10000;
  const ALIVE_MS = 12000; // a page that lives writes its record more often than this while it has one
  let ahead = 0;         // of this page's own clock

  const now = () => Math.round(ahead + performance.now());

  /* A request and its answer as {status, data}; no answer for so long is as good as no network. */
  async function ask(url, how, patience) {
    const abort = new AbortController();
    const limit = setTimeout(() => abort.abort(), patience || PATIENCE_MS);
    try {
      const response = await fetch(url, Object.assign({ credentials: "same-origin", signal: abort.signal }, how));
      return { status: response.status, data: await response.json() };
    } finally { clearTimeout(limit); }
  }

  /* Goes on with the clock of a session that was kept: over the reload only the device's clock can tell. */
  function resume(session) {
    ahead = session.steady + Math.max(0, Date.now() - session.wall) - performance.now();
  }

  /* Numbers a report. A retry that says the same again moves its last report on, as long as none is missed. */
  function note(session, position, state, more) {
    const queue = session.queue, last = queue[queue.length - 1], before = queue[queue.length - 2];
    const at = more && more.at !== undefined ? more.at : now();
    const since = before ? before[1] : session.base, was = before ? before[3] : session.was;
    const moves = more && more.retry && last && last[3] === state && was === state && at - since <= session.next * 1000;
    if (moves || (last && queue.length >= MOST)) { last[1] = at; last[2] = position; last[3] = state; return; }
    session.seq += 1;
    queue.push([session.seq, at, position, state]);
  }

  /* The request: the last report in time, all before it late. */
  function body(session, last) {
    const queue = last ? session.queue.concat([last]) : session.queue;
    const [seq, , position, state] = queue[queue.length - 1];
    const sent = { token: session.token, seq: seq, position_ms: position, state: state, nonce: session.nonce };
    if (seq === session.acked + 1) return sent;
    sent.acked = session.acked;
    sent.late = queue.slice(0, -1).map((one) => [one[0], Math.max(0, one[1] - session.base), one[2], one[3]]);
    return sent;
  }

  function answered(session, told) {
    const read = session.queue.filter((one) => one[0] <= told.seq);
    if (read.length) session.was = read[read.length - 1][3];
    session.queue = session.queue.filter((one) => one[0] > told.seq);
    session.acked = told.seq; session.nonce = told.nonce; session.next = told.next_seconds; session.base = now();
  }

  /* Written before it is sent, so that no number is used twice. Returns whether unsent reports are safe. */
  function keep(session, key) {
    session.steady = now(); session.wall = Date.now();
    const text = JSON.stringify(session);
    try { sessionStorage.setItem(key, text); } catch (error) { /* full or forbidden: a reload begins anew */ }
    try {
      if (session.queue.length) localStorage.setItem(STORED + session.id, text);
      else localStorage.removeItem(STORED + session.id);
      return true;
    } catch (error) { return false; }
  }
  function forget(session, key) {
    try { sessionStorage.removeItem(key); } catch (error) { /* nothing was kept */ }
    try { localStorage.removeItem(STORED + session.id); } catch (error) { /* nothing was kept */ }
  }

  /* What pages that are gone have left: not this one's, and not one's that may still write. */
  function left(session) {
    const found = [];
    try {
      for (const key of Object.keys(localStorage)) {
        if (!key.startsWith(STORED)) continue;
        const one = JSON.parse(localStorage.getItem(key));
        const quiet = Date.now() - one.wall;
        if ((!session || one.id !== session.id) && (quiet > ALIVE_MS || quiet < 0)) found.push(one);
      }
    } catch (error) { /* forbidden, or not ours: nothing to deliver */ }
    return found;
  }

  /* A last report of a page that is gone: where it was, and that it does not go on. */
  function farewell(session) {
    const last = session.queue[session.queue.length - 1];
    return body(session, [session.seq + 1, 0, last ? last[2] : session.position, "paused"]);
  }

  lms.outbox = { ask, now, resume, note, body, answered, keep, forget, left, farewell };
})();
