/* Keeps the view of who is learning now up to date: asks every few seconds whether it has changed (ETag),
   and draws what the server says. Ages go by the server's clock. No build step, nothing from elsewhere. */
(function () {
  "use strict";
  const root = document.getElementById("live");
  if (!root) return;
  document.querySelectorAll("[data-waiting]").forEach((one) => one.remove()); // it has come
  const at = root.dataset;
  const texts = JSON.parse(at.texts);
  const body = root.querySelector('[data-part="rows"]');
  const stale = root.querySelector('[data-part="stale"]');
  const labels = Array.from(root.querySelectorAll("thead th"), (cell) => cell.textContent);
  const PATIENCE_MS = 15000;
  const KINDS = { playing: "good", paused: "wait", hidden: "wait", ended: "plain" };

  let etag = "", timer = 0, busy = false;
  let ahead = Number(at.now) / 1000 - performance.now(); // the server's milliseconds at our zero

  const say = (name, value) => texts[name].replace("%s", value);
  function make(name, text, className) {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    if (className) element.className = className;
    return element;
  }
  function badge(kind, text) { return make("span", text, "badge badge-" + kind); }

  function draw(state) {
    for (const [name, value] of Object.entries({
      learning: state.learning, learnt_today: state.learnt_today, anomalies: state.anomalies,
      credited_minutes: Math.floor(state.credited_seconds_today / 60),
    })) root.querySelector('[data-sum="' + name + '"]').textContent = value;
    body.replaceChildren(...state.rows.map(row));
    if (!state.rows.length) {
      const cell = make("td", texts.nobody);
      cell.colSpan = labels.length;
      const line = make("tr");
      line.append(cell);
      body.append(line);
    }
    age();
  }
  function row(one) {
    const line = make("tr");
    const person = make("td");
    const link = make("a", one.ordinal + " " + one.name);
    link.href = at.record + one.class + "/trainees/" + one.enrolment;
    person.append(link);
    const cells = [person];
    if (at.classes) cells.push(make("td", one.class_title));
    const state = make("td");
    state.append(badge(KINDS[one.state] || "plain", texts[one.state] || one.state));
    const beat = make("td");
    beat.dataset.last = one.last_us / 1000;
    const flags = make("td");
    if (one.crowded) flags.append(badge("bad", say("crowd", one.people_at_address)));
    else if (one.people_at_address > 1) flags.append(badge("plain", say("alone", one.people_at_address)));
    if (one.addresses > 1) flags.append(badge("wait", say("moved", one.addresses)));
    if (one.anomalies) flags.append(badge("bad", say("open_anomalies", one.anomalies)));
    cells.push(make("td", one.lesson), state,
      make("td", say("minutes", Math.floor(one.credited_seconds_today / 60))), beat, flags);
    cells.forEach((cell, place) => { if (place) cell.dataset.label = labels[place]; });
    line.append(...cells);
    return line;
  }
  function age() {
    const now = performance.now() + ahead;
    for (const cell of body.querySelectorAll("[data-last]")) {
      const seconds = Math.max(0, Math.floor((now - Number(cell.dataset.last)) / 1000));
      const shown = Math.floor(seconds / 60) + ":" + String(seconds % 60).padStart(2, "0");
      cell.textContent = say("ago", shown);
    }
  }
  async function poll() {
    clearTimeout(timer);
    if (busy || document.hidden) return;
    busy = true;
    const abort = new AbortController(); // a request that nobody answers would be the last one
    const limit = setTimeout(() => abort.abort(), PATIENCE_MS);
    try {
      const headers = etag ? { "If-None-Match": etag } : {};
      const response = await fetch(at.source,
        { headers: headers, credentials: "same-origin", cache: "no-store", signal: abort.signal });
      if (response.status !== 200 && response.status !== 304) throw new Error(response.status);
      const now = Number(response.headers.get("X-Compliance-Now"));
      if (now) ahead = now / 1000 - performance.now();
      if (response.status === 200) {
        etag = response.headers.get("ETag") || "";
        draw(await response.json());
      }
      stale.hidden = true;
    } catch (error) {
      stale.hidden = false; // kept as it is, and asked again
    }
    clearTimeout(limit);
    busy = false;
    timer = setTimeout(poll, 1000 * Number(at.seconds));
  }
  draw(JSON.parse(document.getElementById("live-state").textContent));
  setInterval(age, 1000);
  document.addEventListener("visibilitychange", poll);
  timer = setTimeout(poll, 1000 * Number(at.seconds));
})();
