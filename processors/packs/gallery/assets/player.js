// The player: the browser's own for picture and sound, and a playhead that runs over waveform and spectrogram.
"use strict";

(() => {
  const { h } = gallery;
  const FULL_SCALE = 32768;
  const MOST_CENTRED = 0.5 / FULL_SCALE; // smaller offsets are no step of 16 bits
  const STEPS_HZ = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000];
  const STEPS_SECONDS = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600];

  const spectrogramOf = (detail) => detail.files.find((file) => file.counts && file.media_type.startsWith("image/") && file.facts?.plot_left_px !== undefined);

  /**
   * What can be played, the original first. `start` is the time in the source at which the file begins, `last` the
   * latest time in the source that is known.
   */
  const playable = (subject, detail, frames) => {
    const sound = spectrogramOf(detail)?.facts;
    const times = frames.flatMap((frame) => [frame.time_seconds, frame.end_seconds ?? frame.time_seconds]);
    const known = [...times, ...(sound ? [sound.start_seconds, sound.end_seconds] : [])];
    const start = known.length ? Math.min(...known) : 0;
    const last = known.length ? Math.max(...known) : Infinity;
    const order = (file) => (file.result === null ? 0 : file.media_type.startsWith(subject.medium) ? 1 : 2);
    return detail.files.filter((file) => /^(video|audio)\//.test(file.media_type) && gallery.local(file.href))
      .map((file) => ({ file, last, start: file.result === null ? start : file.facts?.start_seconds ?? sound?.start_seconds ?? start }))
      .sort((a, b) => b.file.counts - a.file.counts || order(a.file) - order(b.file));
  };
  gallery.playable = playable;

  /** Lowest and highest value as one closed line, as tall as the loudest point. */
  const wave = (waveform) => {
    const { lowest, highest, peak: loudest, dc_offset: offset } = waveform;
    const most = Math.max(1, ...highest.map(Math.abs), ...lowest.map(Math.abs));
    const point = (value, place) => `${place} ${(50 - (value / most) * 48).toFixed(1)}`;
    const line = [...highest.map(point), ...lowest.map(point).reverse()].join("L");
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", `0 0 ${highest.length - 1} 100`);
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", `M${line}z`);
    svg.append(path);
    const minus = (text) => text.replace("-", "−");
    const peak = loudest <= 1 ? "−∞" : minus((20 * Math.log10(loudest / FULL_SCALE)).toFixed(1));
    const told = Math.abs(offset) > MOST_CENTRED ? gallery.t("peakAndOffset", peak, minus(offset.toPrecision(2))) : gallery.t("peak", peak);
    return h("div.wave", {}, svg, h("span.peak", {}, told));
  };

  /** The plot of a spectrogram's picture without its axes, which would shrink to nothing here. */
  const plot = (picture) => {
    const facts = picture.facts;
    const [width, height] = [facts.plot_right_px - facts.plot_left_px, facts.plot_bottom_px - facts.plot_top_px];
    return h("div.plot", {}, h("img", {
      src: gallery.local(picture.href), alt: "", draggable: false,
      style: {
        width: `${(facts.width_px / width) * 100}%`, height: `${(facts.height_px / height) * 100}%`,
        left: `${(-facts.plot_left_px / width) * 100}%`, top: `${(-facts.plot_top_px / height) * 100}%`,
      },
    }));
  };

  const isLogarithmic = ({ facts, result }, detail) => (facts.frequency_axis ?? detail.results[result]?.parameters.frequency_axis) === "log";

  /** Frequencies along the left edge of the plot: round ones, as many as have room. */
  const frequencies = (picture, detail) => {
    const { lowest_hz: lowest, highest_hz: highest } = picture.facts;
    const isLog = isLogarithmic(picture, detail) && lowest > 0;
    const height = isLog ? (hz) => Math.log(hz / lowest) / Math.log(highest / lowest) : (hz) => (hz - lowest) / (highest - lowest);
    const decades = [1, 10, 100, 1000, 10000, 100000];
    const step = STEPS_HZ.find((one) => (highest - lowest) / one <= 6) ?? 50000;
    const round = isLog ? decades.flatMap((one) => [one, 2 * one, 5 * one]) : Array.from({ length: 7 }, (_, n) => (Math.floor(lowest / step) + n) * step);
    const ticks = [];
    for (const hz of round) {
      const at = hz >= lowest && hz <= highest ? height(hz) : -1;
      if (at > 0.03 && at < 0.97 && at - (ticks.at(-1)?.at ?? -1) > 0.11) ticks.push({ hz, at });
    }
    return h("div.frequencies", { "aria-hidden": "true" }, ticks.map(({ hz, at }) =>
      h("span", { style: { bottom: `${at * 100}%` } }, hz < 1000 ? `${hz} Hz` : `${hz / 1000} kHz`)));
  };

  /** What a derived recording is, in words: "Sound, made audible: audible.flac". */
  const called = (file, processor) => {
    const which = file.facts?.rendition && gallery.t(`rendition_${file.facts.rendition}`);
    const name = `${which ? gallery.t("madeInto", gallery.label(processor), which) : gallery.label(processor)}: ${file.name}`;
    return file.counts ? name : `${name}, ${gallery.t("notOfToday")}`;
  };

  const axes = (picture, detail) => {
    const { facts } = picture;
    const isLog = isLogarithmic(picture, detail);
    const [bottom, top] = [facts.bottom_db, facts.top_db].map((level) => String(level).replace("-", "−"));
    return [
      gallery.t("axes", gallery.number(facts.lowest_hz / 1000, 2), gallery.number(facts.highest_hz / 1000, 2), isLog ? gallery.t("log") : ""),
      " · ", h("span.levels", {}, bottom, h("span.colours", { "aria-hidden": "true" }), `${top} ${gallery.plain(picture.unit) ?? facts.unit}`),
    ];
  };

  const ruler = (first, last) => {
    const step = STEPS_SECONDS.find((one) => (last - first) / one <= 9) ?? 7200;
    const marks = [];
    for (let time = Math.ceil(first / step) * step; time <= last; time += step) {
      marks.push(h("span", { style: { left: `${((time - first) / (last - first)) * 100}%` } }, step < 1 ? time.toFixed(2) : last < 60 ? `${time}` : gallery.clock(time)));
    }
    return h("div.ruler", { "aria-hidden": "true" }, marks);
  };

  /** Waveform and spectrogram on one time axis, with the playhead over both. */
  const tracks = (detail, seek) => {
    const picture = spectrogramOf(detail);
    if (!picture && !detail.waveform) return null;
    const first = picture?.facts.start_seconds ?? 0;
    const last = picture?.facts.end_seconds ?? first + detail.waveform.duration_seconds;
    const drawn = detail.waveform ? wave(detail.waveform) : null;
    drawn?.style.setProperty("width", `${(100 * detail.waveform.duration_seconds) / (last - first)}%`);
    const head = h("div.head", {});
    const face = h("div.tracks", {
      role: "slider", tabIndex: 0, title: gallery.t("seekHint"), "aria-label": gallery.t("position"),
      "aria-valuemin": String(first), "aria-valuemax": String(last), "aria-valuenow": String(first),
    }, drawn, picture && h("div.sounding", {}, plot(picture), frequencies(picture, detail)), head);
    const timeAt = (event) => {
      const box = face.getBoundingClientRect();
      return first + Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * (last - first);
    };
    face.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      face.setPointerCapture(event.pointerId);
      seek(timeAt(event));
    });
    face.addEventListener("pointermove", (event) => {
      if (face.hasPointerCapture(event.pointerId)) seek(timeAt(event));
    });
    return {
      first, last,
      element: h("div.measured", {}, face, ruler(first, last), picture && h("p.soft", {}, axes(picture, detail),
        picture.facts.cutoff_hz && ` · ${gallery.t("cutoff", gallery.number(picture.facts.cutoff_hz / 1000, 1))}`, ` · ${gallery.t("greys")}`)),
      mark(time) {
        head.style.left = `${Math.min(1, Math.max(0, (time - first) / (last - first))) * 100}%`;
        face.setAttribute("aria-valuenow", time.toFixed(3));
        face.setAttribute("aria-valuetext", gallery.t("ofSource", `${time.toFixed(2)} s`));
      },
    };
  };

  gallery.stages.play = ({ subject, detail, found, at, show }) => {
    const media = h(subject.medium === "video" ? "video" : "audio", { controls: true, preload: "auto", playsInline: true });
    const said = h("p.failed", { role: "alert", hidden: true }, gallery.t("unplayable"));
    const now = h("strong.time", {});
    let chosen = 0;
    let stopped = false;
    let wanted = at === "" ? null : Number(at);

    let offset = 0; // time in the source, less the browser's own

    const source = () => media.currentTime + offset;
    const seek = (time) => {
      wanted = time;
      if (media.readyState > 1) media.currentTime = Math.max(0, time - offset);
      track?.mark(time);
    };
    const track = tracks(detail, seek);

    const choose = h("select", { on: { change: () => take(choose.selectedIndex, source()) } }, found.map(({ file }) =>
      h("option", {}, file.result === null ? `${gallery.t("original")}: ${file.name}` : called(file, detail.results[file.result].processor))));
    function take(place, time = null) {
      chosen = place;
      choose.selectedIndex = place;
      wanted = time ?? wanted;
      media.src = gallery.local(found[place].file.href);
      show(found[place].file);
    }
    const another = () => {
      if (stopped) return;
      if (chosen + 1 < found.length) take(chosen + 1);
      else said.hidden = false;
    };
    media.addEventListener("error", another);
    media.addEventListener("loadedmetadata", () => {
      const blind = subject.medium === "video" && !media.videoWidth && found[chosen].file.media_type.startsWith("video/");
      if (blind) another(); // only the sound of it can be played here
    });
    const subtitles = gallery.subtitles(detail);
    media.append(...subtitles.tracks);
    media.addEventListener("loadeddata", () => {
      const { file, start, last } = found[chosen];
      // of a file that starts late Chromium keeps the file's own times; others count from its first frame
      const keeps = file.result === null && (media.currentTime > start / 2 || media.duration > last - start / 2);
      offset = keeps ? 0 : start;
      subtitles.shift(offset);
      if (wanted !== null) seek(wanted);
      tell();
    });
    const tell = () => {
      if (stopped) return;
      track?.mark(source());
      now.textContent = gallery.t("ofSource", `${source().toFixed(2)} s`);
    };
    const run = () => {
      tell();
      if (!media.paused && !stopped) requestAnimationFrame(run);
    };
    for (const event of ["timeupdate", "seeked", "seeking", "loadedmetadata"]) media.addEventListener(event, tell);
    media.addEventListener("play", run);
    take(0);
    gallery.playing = media;

    const jump = (by) => seek(Math.min(track?.last ?? Infinity, Math.max(track?.first ?? 0, source() + by)));
    return {
      element: h(`div.stage.play.${subject.medium}`, {}, subject.medium === "video" ? h("div.plate", {}, media) : media, said,
        h("div.controls", {}, h("label.which", {}, h("span", {}, gallery.t("which")), choose), now),
        track ? track.element : subject.medium === "audio" && h("p.soft", {}, gallery.t("noSound"))),
      key(key) {
        const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[key];
        if (by !== undefined) jump(by);
        else if (key === " ") media.paused ? media.play().catch(() => { said.hidden = false; }) : media.pause();
        else if (key === "Home") seek(track?.first ?? 0);
        else return false;
        return true;
      },
      stop() {
        stopped = true;
        media.pause();
        media.removeAttribute("src");
        media.load();
        subtitles.free();
        gallery.playing = null;
      },
    };
  };
})();
