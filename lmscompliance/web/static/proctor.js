/* Photos at random moments of an attempt. The server alone knows when; this page asks it now and then, shows
   the camera, and sends one picture, or that there is none. Whatever fails here holds nothing up. */
"use strict";

(() => {
  const panel = document.querySelector("[data-proctor]");
  if (!panel) return;
  const text = panel.dataset;
  const find = (name) => panel.querySelector(`[data-proctor-${name}]`);
  const EVERY_MS = 10000;
  const LONGEST_SIDE = 960;
  const PATIENCE_MS = 15000, SLOW_MS = 90000; // for a question, for a picture: then it is asked, or sent, again
  let current = null; // the number that is being asked for
  let stream = null;
  let closing = 0;

  const csrf = () => document.querySelector('meta[name="compliance-csrf"]').content;

  async function call(how, patience) {
    const abort = new AbortController();
    const limit = setTimeout(() => abort.abort(), patience);
    try {
      const response = await fetch(text.photo, { credentials: "same-origin", signal: abort.signal, ...how });
      return { status: response.status, ok: response.ok, told: await response.json().catch(() => ({})) };
    } finally {
      clearTimeout(limit);
    }
  }

  function hide() {
    clearTimeout(closing);
    if (stream) stream.getTracks().forEach((track) => track.stop());
    stream = null;
    current = null;
    panel.hidden = true;
  }

  async function show(ask) {
    current = ask.n;
    panel.hidden = false;
    find("problem").hidden = true;
    find("file").value = "";
    closing = setTimeout(hide, ask.seconds_left * 1000);
    panel.scrollIntoView({ block: "nearest" });
    let opened = null;
    try {
      opened = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "user" }, audio: false });
    } catch {
      opened = null; // none, not allowed, or a browser that cannot: the file field opens a phone's camera
    }
    if (current !== ask.n) {
      if (opened) opened.getTracks().forEach((track) => track.stop());
      return;
    }
    stream = opened;
    find("view").hidden = !stream;
    find("take").hidden = !stream;
    find("take").disabled = true; // until there is a picture to take
    find("other").hidden = !!stream;
    if (stream) {
      find("view").srcObject = stream;
      find("view").play().catch(() => {});
    }
  }

  async function blobOf(source, width, height) {
    const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.getContext("2d").drawImage(source, 0, 0, canvas.width, canvas.height);
    return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
  }

  async function send(photo) {
    const form = new FormData();
    form.append("n", String(current));
    if (photo) form.append("photo", photo, "photo.jpg");
    try {
      const headers = { Accept: "application/json", "X-Compliance-CSRF": csrf() };
      const { ok, status, told } = await call({ method: "POST", headers, body: form }, SLOW_MS);
      if (ok || status === 409) return hide(); // kept, or too late: nothing is left to do
      problem(told.detail || text.offline);
    } catch {
      problem(text.offline);
    }
  }

  function problem(words) {
    find("problem").textContent = words;
    find("problem").hidden = false;
  }

  find("view").addEventListener("loadeddata", () => { find("take").disabled = false; });
  find("take").addEventListener("click", async () => {
    const view = find("view");
    send(await blobOf(view, view.videoWidth, view.videoHeight));
  });
  find("file").addEventListener("change", async () => {
    const file = find("file").files[0];
    if (!file) return;
    try {
      const picture = await createImageBitmap(file);
      send(await blobOf(picture, picture.width, picture.height));
    } catch {
      problem(text.unreadable);
    }
  });
  find("none").addEventListener("click", () => send(null));

  async function look() {
    if (current === null && document.visibilityState === "visible") {
      try {
        const { ok, told } = await call({ headers: { Accept: "application/json" } }, PATIENCE_MS);
        if (ok && Number.isInteger(told.n) && current === null) await show(told);
      } catch {
        /* Offline: the next look finds what is due. */
      }
    }
    setTimeout(look, EVERY_MS);
  }
  look();
})();
