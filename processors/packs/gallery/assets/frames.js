// The frame viewer: one frame with its exact time, the strip of all that were kept, and the shots.
"use strict";

(() => {
  const { h, icon } = gallery;

  const shotBar = (shots, go) => {
    if (shots.length < 2) return { element: null, mark() {} };
    const buttons = shots.map((shot) => {
      const name = gallery.t("shotNumber", shot.number);
      const time = `${gallery.seconds(shot.start_seconds)} – ${gallery.seconds(shot.end_seconds)}`;
      return h("button", {
        type: "button", title: `${name}: ${time}`, "aria-label": `${name}: ${time}`, style: { "flex-grow": String(shot.end_seconds - shot.start_seconds) },
        on: { click: () => go(shot) },
      }, h("span", { "aria-hidden": "true" }, String(shot.number)));
    });
    return {
      element: h("div.shots", { role: "group", "aria-label": gallery.t("shots", shots.length) }, buttons),
      mark: (number) => buttons.forEach((button, place) => button.setAttribute("aria-pressed", String(shots[place].number === number))),
    };
  };

  gallery.stages.frames = ({ subject, detail, frames, at, show, go, play }) => {
    const title = gallery.plain(subject.title) ?? subject.name;
    const nearest = () => {
      const wanted = Number(at);
      const place = frames.findIndex((frame) => frame.time_seconds >= wanted - 1e-7);
      return at === "" || place < 0 ? (at === "" ? 0 : frames.length - 1) : place;
    };
    let here = -1;

    const image = h("img", { decoding: "async" });
    const time = h("strong.time", {});
    const ticks = h("span.ticks", {});
    const count = h("span.number", { role: "status" });
    const step = (name, by) => h("button.round", { type: "button", title: gallery.t(name), "aria-label": gallery.t(name), on: { click: () => move(here + by) } },
      icon(by < 0 ? "previous" : "next"));
    const back = step("previousFrame", -1);
    const on = step("nextFrame", 1);
    const strip = frames.map((frame, place) => h("button", {
      type: "button", title: frame.is_still ? gallery.t("still1") : null, on: { click: () => move(place) },
    }, h("img", { src: gallery.local(frame.thumbnail ?? frame.href) ?? "", alt: "", loading: "lazy", decoding: "async" }),
      h("span", {}, frame.is_still && h("span", { "aria-hidden": "true" }, "★ "), gallery.seconds(frame.time_seconds))));
    const film = h("div.film", { role: "group", "aria-label": gallery.t("allFrames") }, strip);
    const bar = shotBar(detail.shots, (shot) => move(Math.max(0, frames.findIndex((frame) => frame.time_seconds >= shot.start_seconds))));

    function move(place) {
      if (place < 0 || place >= frames.length || place === here) return;
      const first = here < 0;
      strip[here]?.removeAttribute("aria-current");
      here = place;
      const frame = frames[here];
      const exact = gallery.seconds(frame.time_seconds);
      image.src = gallery.local(frame.href) ?? "";
      image.alt = `${title}: ${gallery.t("frameAt", exact)}`;
      time.textContent = exact;
      const until = frame.end_seconds === null ? null : gallery.t("until", gallery.seconds(frame.end_seconds));
      ticks.textContent = [gallery.t("ticks", frame.pts, frame.time_base), until, frame.shot ? gallery.t("shotNumber", frame.shot) : null,
        frame.is_still ? gallery.t("still1") : null, frame.counts ? null : gallery.t("notOfToday")].filter(Boolean).join(" · ");
      count.textContent = gallery.t("frameOf", here + 1, frames.length);
      back.disabled = here === 0;
      on.disabled = here === frames.length - 1;
      strip[here].setAttribute("aria-current", "true");
      film.scrollLeft = strip[here].offsetLeft - film.clientWidth / 2 + strip[here].clientWidth / 2;
      bar.mark(frame.shot);
      show(detail.files[frame.file], frame);
      if (!first) go({ at: String(frame.time_seconds) }, true);
    }

    const element = h("div.stage.frames", {}, h("div.plate", {}, image),
      h("div.controls", {}, h("span.buttons", {}, back, on), h("span.when", {}, time, ticks), count,
        play && h("button.quiet", { type: "button", on: { click: () => play(frames[here].time_seconds) } }, icon("play"), gallery.t("playHere"))),
      bar.element ?? "", film);
    move(nearest());
    return {
      element,
      entered: () => { film.scrollLeft = strip[here].offsetLeft - film.clientWidth / 2 + strip[here].clientWidth / 2; },
      key(key) {
        const place = { ArrowLeft: here - 1, ArrowRight: here + 1, Home: 0, End: frames.length - 1 }[key];
        if (place === undefined) return false;
        move(place);
        return true;
      },
      stop() {},
    };
  };
})();
