/* The exam's pages. The server alone decides what counts and when time is up; this script keeps every
   change on its way there until it is acknowledged.

   One save is under way at a time. It has a number, one more than the last acknowledged; while its answer
   is outstanding it is repeated unchanged (a repetition is harmless), and what changes meanwhile waits for
   the next. What is not acknowledged is also kept in this tab's sessionStorage, so a reload loses nothing. */
"use strict";

(() => {
  const csrf = () => document.querySelector('meta[name="compliance-csrf"]').content;

  async function call(method, url, body) {
    const giveUp = new AbortController();
    const timer = setTimeout(() => giveUp.abort(), 15000);
    try {
      const response = await fetch(url, {
        method,
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-Compliance-CSRF": csrf() },
        body: body === undefined ? undefined : JSON.stringify(body),
        credentials: "same-origin",
        keepalive: true,
        signal: giveUp.signal,
      });
      const data = await response.json();
      return { status: response.status, data };
    } finally {
      clearTimeout(timer);
    }
  }

  function gate(card) {
    const button = card.querySelector("[data-begin]");
    const problem = card.querySelector("[data-problem]");
    if (!button) return;
    const open = (attempt) => location.assign(card.dataset.paper.replace("ATTEMPT", attempt));
    button.addEventListener("click", async () => {
      button.disabled = true;
      let text;
      try {
        const { status, data } = await call("POST", card.dataset.start, {});
        if (status === 201 || (status === 409 && data.attempt)) return open(data.attempt);
        text = data.detail;
      } catch {
        text = card.dataset.offline;
      }
      problem.textContent = text;
      problem.hidden = false;
      button.disabled = false;
    });
    button.disabled = false; // sent disabled: pressed before this script is there, it would do nothing
  }

  function paper(form) {
    const text = form.dataset;
    const find = (name) => form.querySelector(`[data-${name}]`);
    const questions = [...form.querySelectorAll("[data-no]")];
    const keptAs = `compliance-exam-${text.attempt}`;

    let acknowledged = Number(text.seq);
    let underway = null; // {seq, answers, flags}: sent, not acknowledged
    let waiting = {}; // changed since
    let noticed = {}; // left, away_ms, copied, pasted since: counted for staff, never judged here
    let failures = 0;
    let retryTimer = 0;
    let closed = false;
    let handingIn = false;
    let over = false; // time is up: nothing more is taken in here, what is under way may still arrive

    /* Answers */

    const fields = (question) => [...question.querySelectorAll("input, select, textarea")];

    function read(question) {
      const inputs = fields(question);
      switch (question.dataset.kind) {
        case "single":
        case "multiple":
          return inputs.filter((one) => one.checked).map((one) => Number(one.value));
        case "true_false":
          return inputs.filter((one) => one.checked).map((one) => one.value === "true");
        case "matching": {
          const chosen = inputs.map((one) => (one.value === "" ? null : Number(one.value)));
          return chosen.every((one) => one === null) ? [] : chosen;
        }
        default:
          return inputs[0].value.trim() === "" ? [] : [inputs[0].value];
      }
    }

    function write(question, answer) {
      const given = answer || [];
      fields(question).forEach((one, place) => {
        if (one.tagName === "SELECT") one.value = given[place] == null ? "" : String(given[place]);
        else if (one.type === "text" || one.tagName === "TEXTAREA") one.value = given.length ? given[0] : "";
        else one.checked = given.map(String).includes(one.value);
      });
    }

    const unanswered = () =>
      questions.filter((one) => {
        const answer = read(one);
        return answer.length === 0 || answer.includes(null);
      });

    function count() {
      find("done").textContent = `${questions.length - unanswered().length} / ${questions.length}`;
    }

    /* Saving */

    function keep() {
      try {
        sessionStorage.setItem(keptAs, JSON.stringify({ acknowledged, underway, waiting, noticed }));
      } catch {
        /* No storage: the page itself still keeps everything until it is closed. */
      }
    }

    const idle = () => !underway && Object.keys(waiting).length === 0;

    function status(words, late = false) {
      const line = find("status");
      line.textContent = words;
      line.classList.toggle("waiting", late);
    }

    function lock(words, reload) {
      questions.forEach((one) => { one.disabled = true; });
      find("hand-in").disabled = true;
      find("problem").textContent = words;
      find("problem").hidden = false;
      find("reload").hidden = !reload;
      if (find("confirm").open) find("confirm").close();
      window.scrollTo(0, 0);
    }

    function stop(words, reload) {
      closed = true;
      clearTimeout(retryTimer);
      status("");
      lock(words, reload);
    }

    /* The server closes the paper by being looked at, at once or after the notice's grace. Until then it
       gets what was answered in time and is still on its way; without a network that waits for it. */
    function timeUp() {
      over = true;
      document.activeElement?.blur(); // what is being typed
      lock(text.textTimeUp, false);
      flush();
      setInterval(() => { if (!closed && !handingIn) look(); }, 1500);
    }

    function finished() {
      closed = true;
      try { sessionStorage.removeItem(keptAs); } catch { /* nothing was kept */ }
      location.reload();
    }

    function later(again) {
      failures += 1;
      status(text.textOffline, true);
      clearTimeout(retryTimer);
      retryTimer = setTimeout(again, Math.min(15000, 1000 * 2 ** Math.min(failures - 1, 4)));
    }

    const passing = (code) => code === 408 || code === 425 || code === 429 || code >= 500;

    function refused(answer) {
      if (answer.status === 410) return finished();
      return stop(answer.data.detail, true);
    }

    async function flush() {
      if (closed || handingIn) return;
      if (!underway) {
        if (Object.keys(waiting).length === 0 && Object.keys(noticed).length === 0) return;
        underway = { seq: acknowledged + 1, answers: waiting, flags: noticed };
        waiting = {};
        noticed = {};
        keep();
      } else if (underway.sending) {
        return;
      }
      underway.sending = true;
      status(text.textSaving);
      let answer;
      try {
        answer = await call("PUT", text.save, { seq: underway.seq, answers: underway.answers, flags: underway.flags });
      } catch {
        answer = null;
      }
      underway.sending = false;
      if (closed) return;
      if (!answer || passing(answer.status)) return later(flush);
      if (answer.status !== 200) return refused(answer);
      failures = 0;
      acknowledged = answer.data.seq;
      underway = null;
      keep();
      setClock(answer.data.now_us);
      if (idle()) status(text.textSaved);
      return flush();
    }

    const typed = new Map();
    function changed(question) {
      clearTimeout(typed.get(question));
      waiting[question.dataset.no] = read(question);
      keep();
      count();
      flush();
    }

    form.addEventListener("change", (event) => {
      const question = event.target.closest("[data-no]");
      if (question) changed(question);
    });
    form.addEventListener("input", (event) => {
      const essay = event.target.tagName === "TEXTAREA";
      if (event.target.type !== "text" && !essay) return;
      const question = event.target.closest("[data-no]");
      clearTimeout(typed.get(question));
      // Every save of an essay is kept whole, so it is sent in pauses; this tab keeps each letter meanwhile.
      if (essay) {
        waiting[question.dataset.no] = read(question);
        keep();
      }
      typed.set(question, setTimeout(() => changed(question), essay ? 3000 : 800));
    });
    form.addEventListener("submit", (event) => event.preventDefault());

    /* Handing in */

    function ask() {
      document.activeElement?.blur();
      const missing = unanswered();
      const numbers = missing.map((one) => one.dataset.no);
      find("confirm-text").textContent = missing.length
        ? text.textMissing.replace("NUMBERS", numbers.join(", "))
        : text.textAll;
      find("missing").replaceChildren(
        ...missing.map((one) => {
          const link = document.createElement("a");
          link.href = `#${one.id}`;
          link.textContent = one.dataset.no;
          link.addEventListener("click", () => find("confirm").close());
          return link;
        }),
      );
      find("confirm").showModal();
    }

    async function handIn() {
      find("confirmed").disabled = true;
      find("back").disabled = true;
      if (underway) {
        // Its answer must come first: the paper's own number follows it.
        await flush();
        if (closed) return;
        if (underway) return void setTimeout(handIn, 500);
      }
      handingIn = true;
      const last = { seq: acknowledged + 1, answers: waiting, flags: noticed };
      for (;;) {
        let answer;
        try {
          answer = await call("POST", text.submit, last);
        } catch {
          answer = null;
        }
        if (closed) return;
        if (answer && !passing(answer.status)) {
          return answer.status === 200 ? finished() : refused(answer);
        }
        failures += 1;
        status(text.textOffline, true);
        find("confirm-text").textContent = text.textOffline;
        await new Promise((done) => setTimeout(done, Math.min(15000, 1000 * 2 ** Math.min(failures - 1, 4))));
      }
    }

    find("hand-in").addEventListener("click", ask);
    find("back").addEventListener("click", () => find("confirm").close());
    find("confirmed").addEventListener("click", handIn);
    find("reload").addEventListener("click", () => location.reload());

    /* Time: the server's, carried on by a clock that nobody can set */

    let endsAt = 0;
    function setClock(nowUs) {
      endsAt = performance.now() + (Number(text.deadlineUs) - nowUs) / 1000;
    }

    function tick() {
      const left = Math.max(0, Math.ceil((endsAt - performance.now()) / 1000));
      const minutes = Math.floor(left / 60);
      find("clock").textContent = `${minutes}:${String(left % 60).padStart(2, "0")}`;
      find("clock").parentElement.classList.toggle("short", left < 60);
      if (left === 0 && !closed && !over) timeUp();
    }

    let looking = false;
    async function look() {
      if (looking) return;
      looking = true;
      // A sleeping phone stops the clock, and the attempt may have been closed meanwhile.
      try {
        const { status: code, data } = await call("GET", text.state);
        if (code !== 200 || closed) return;
        if (data.state === "closed") return finished();
        setClock(data.now_us);
        tick();
        flush();
      } catch {
        /* Offline: the countdown goes on by itself. */
      } finally {
        looking = false;
      }
    }

    /* Leaving the page, copying and pasting: told with the next save */

    let awaySince = null;
    function notice(name, by = 1) {
      if (closed || by === 0) return;
      noticed[name] = (noticed[name] || 0) + by;
      keep();
    }
    function left() {
      if (awaySince !== null) return;
      awaySince = performance.now();
      notice("left");
      flush();
    }
    function back() {
      if (awaySince === null || document.visibilityState === "hidden") return;
      notice("away_ms", Math.round(performance.now() - awaySince));
      awaySince = null;
      flush();
    }
    window.addEventListener("blur", left);
    window.addEventListener("focus", back);
    document.addEventListener("copy", () => notice("copied"));
    document.addEventListener("cut", () => notice("copied"));
    document.addEventListener("paste", () => notice("pasted"));

    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState !== "visible") return left();
      back();
      look();
    });
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) location.reload(); // out of the browser's memory: what it shows may be old
    });
    find("confirm").addEventListener("cancel", (event) => {
      if (find("back").disabled) event.preventDefault();
    });
    window.addEventListener("online", () => {
      failures = 0;
      flush();
      if (over) look();
    });
    window.addEventListener("beforeunload", (event) => {
      if (!closed && !idle()) event.preventDefault();
    });

    /* What an earlier life of this tab had not got through */

    function restore() {
      let kept = null;
      try {
        kept = JSON.parse(sessionStorage.getItem(keptAs));
      } catch {
        kept = null;
      }
      if (!kept) return;
      const sent = kept.underway ? kept.underway.answers : {};
      const same = (no) => {
        const question = questions.find((one) => one.dataset.no === no);
        return question && JSON.stringify(read(question)) === JSON.stringify(sent[no]);
      };
      const arrived = kept.underway && acknowledged === kept.underway.seq && Object.keys(sent).every(same);
      if (kept.acknowledged !== acknowledged && !arrived) return;
      // Repeated as it was: it may be on its way yet, and what has one number must say the same each time.
      if (kept.underway && !arrived) underway = { ...kept.underway, sending: false };
      waiting = kept.waiting;
      noticed = kept.noticed || {};
      const unsaved = { ...(underway ? underway.answers : {}), ...waiting };
      for (const question of questions) {
        if (question.dataset.no in unsaved) write(question, unsaved[question.dataset.no]);
      }
    }

    /* On a slow network the paper is there before this script: what was answered meanwhile told nobody. */
    const early = questions.filter((one) => fields(one).some(window.lmscompliance.touched)).map((one) => [one, read(one)]);
    restore();
    for (const [question, answer] of early) {
      write(question, answer);
      waiting[question.dataset.no] = answer;
    }
    keep();
    count();
    setClock(Number(text.nowUs));
    tick();
    setInterval(tick, 500);
    find("hand-in").disabled = over;
    flush();
  }

  const card = document.querySelector("[data-exam-gate]");
  if (card) gate(card);
  const form = document.querySelector("[data-exam-paper]");
  if (form) paper(form);
  document.querySelectorAll("[data-waiting]").forEach((one) => one.remove()); // it has come, and what it needs
})();
