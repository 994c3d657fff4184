/* A <video> (or <audio>) as the tracker sees it. An adapter is {positionMs, state, wants, goTo, stop, resume,
   rate, detail, onchange}; onchange is told "wanted" (the person asked to play), "state", "moved" (a jump began
   or ended: the tracker says where), or "slowed" (a speed that would not count was taken back). */
(function () {
  "use strict";
  const players = ((window.lmscompliance = window.lmscompliance || {}).players = window.lmscompliance.players || {});
  const SETTLE = 300; // a drag over the time line is one jump

  players.video = function (video, how) {
    let placing = 0; // where it is to go on once its length is known
    let dragging = false, settle = 0, known = 0; // ms where it last was, jumps aside
    const self = {
      onchange: () => {},
      positionMs() {
        if (placing || video.readyState < 1) return null;
        if (!video.seeking) known = Math.round(video.currentTime * 1000);
        return known;
      },
      state() {
        if (video.ended) return "ended";
        // Waiting for data is no learning, whatever the button shows.
        return video.paused || video.seeking || video.readyState < 3 ? "paused" : "playing";
      },
      wants: () => !video.paused && !video.ended && video.readyState >= 3, // without data there is nothing to count
      detail: () => (video.error ? "broken" : !video.paused && !video.ended && video.readyState < 3 ? "stalled" : ""),
      rate: () => video.playbackRate,
      goTo(ms) {
        if (video.readyState < 1) {
          placing = ms;
          video.addEventListener("loadedmetadata", () => { placing = 0; self.goTo(ms); }, { once: true });
        } else if (Math.abs(video.currentTime * 1000 - ms) > 1000 && video.currentTime < 1) {
          known = ms; // until it is there
          video.currentTime = ms / 1000;
        }
      },
      stop: () => video.pause(),
      resume: () => Promise.resolve(video.play()), // refused by the browser without a touch: the caller says so
    };
    function slowDown() {
      if (video.playbackRate <= how.fastest) return;
      video.playbackRate = how.fastest;
      self.onchange("slowed");
    }
    const tell = (what) => () => self.onchange(what);
    video.addEventListener("play", tell("wanted"));
    video.addEventListener("timeupdate", () => self.positionMs());
    for (const name of ["playing", "pause", "waiting", "stalled", "canplay", "ended", "error", "emptied"]) {
      video.addEventListener(name, tell("state"));
    }
    video.addEventListener("seeking", () => { if (!dragging) { dragging = true; self.onchange("moved"); } });
    video.addEventListener("seeked", () => {
      clearTimeout(settle);
      settle = setTimeout(() => { dragging = false; self.onchange("moved"); }, SETTLE);
    });
    video.addEventListener("ratechange", slowDown);
    setTimeout(slowDown); // chosen before this script came; by then somebody listens
    return self;
  };
})();
