// The page's own words in English, the choice of language, and how numbers are written.
"use strict";

gallery.words = {
  en: {
    language: "中文", languageLabel: "切换到中文", skip: "Skip to the list", search: "Search", filters: "Filters",
    clear: "Clear all", timeline: "Timeline", unknown: "unknown", noMission: "Mission unknown", sol: "Sol {0}",
    events: "{0} events", media: "Media", frames: "Frames", view: "What is listed", help: "Keyboard", close: "Close",
    count: "{0} of {1}", countAll: "{0}", none: "Nothing matches. Clear a filter, or search for something else.",
    item: "{0} item", items: "{0} items", more: "{0} more", less: "Fewer",
    medium: "Medium", mission: "Mission", event: "Event", camera: "Camera", release: "Release", verdict: "Audit", shot: "Shot",
    video: "Video", audio: "Sound", photo: "Photo", shots: "{0} shots", shotNumber: "Shot {0}",
    complete: "Complete", incomplete: "Incomplete or damaged", still: "Stop-motion", measurable: "Motion measurable",
    unmeasurable: "Motion not measurable", disagree: "Evidence disagrees", failed: "Something failed", synthetic: "Synthetic", unaudited: "Not audited",
    redistributeNo: "Not for passing on",
    picture: "Picture", pictures: "Pictures", play: "Play", previous: "Previous", next: "Next", zoomIn: "Zoom in",
    zoomOut: "Zoom out", whole: "Whole picture", zoomable: "{0}. Zoom with the wheel, two fingers or + and −; move with the arrow keys.",
    which: "Shown", tiled: "Full resolution", frameOf: "Frame {0} of {1}", frameAt: "Frame at {0}", time: "Presentation time", ticks: "PTS {0} × {1} s", until: "shown until {0}",
    previousFrame: "Previous frame", nextFrame: "Next frame", still1: "chosen still", playHere: "Play from here", allFrames: "All frames",
    position: "Position in the recording", ofSource: "{0} in the source", peak: "Peak {0} dBFS", seekHint: "Click to go there",
    original: "Original", unplayable: "This browser plays none of the files. They are under Files.", axes: "{0} to {1} kHz{2}; {3} to {4}: {5}", log: ", logarithmic", cutoff: "cut off at {0} kHz by codec or filter", noSound: "Nothing to draw: no spectrogram or waveform was made.",
    about: "About", details: "More", recorded: "Recorded", sols: "Sol", precision: "to the {0}", ls: "Solar longitude", ltst: "Local true solar time",
    place: "Place", by: "Recorded by", creator: "Creator", agency: "Agency", credit: "Credit", rights: "Rights", redistribute: "May be passed on", yes: "Yes", no: "No",
    notSaid: "nobody says", published: "Published at", format: "Format", size: "Size", duration: "Duration", digest: "SHA-256", saysWho: "from {0}",
    auditTitle: "Audit", disagreements: "Disagreements", failures: "Not made", provenance: "Provenance",
    isOriginal: "The original, as it was released: {0}.",
    madeBy: "Made from {0} by {1}, version {2}, with {3}.", parameters: "Parameters", software: "Software", facts: "Facts", resultKey: "Result",
    citation: "Citation", copy: "Copy", copied: "Copied", files: "Files", madeFrom: "Made by {0}", openFile: "Open", file: "File",
    quoted: "“{0}”", citeFrame: "Frame at {0} (PTS {1}, time base {2} s)", citeMade: "Derived with {0}, {1} version {2}, result {3}", citeSynthetic: "Synthetic, not recorded on Mars", citeRelease: "Release {0}",
    nothing: "Nothing of this can be shown here; the files are listed beside.", unloaded: "This could not be loaded: {0}",
    position2: "{0} of {1}",
    keys: [["/", "search"], ["← → ↑ ↓", "move in the list; previous and next frame, picture; 1 s back and on in a recording"], ["Enter", "open"],
      ["Esc", "close, or leave the search"], ["n, p", "next and previous of the list"], ["Space", "play and pause"], ["+ − 0", "zoom in, out, whole picture"],
      ["c", "copy the citation"], ["l", "other language"], ["?", "this help"]],
  },
};

/** One of the page's own phrases. */
gallery.t = (name, ...values) => {
  const phrase = gallery.words[gallery.language][name] ?? gallery.words.en[name];
  return typeof phrase === "string" ? phrase.replace(/\{(\d)\}/g, (_, number) => values[number]) : phrase;
};

/** A text that the release gives in one or both languages: an element with the language that it is in. */
gallery.said = (tag, text, otherwise = null) => {
  const first = gallery.language;
  const used = text?.[first] ? first : text?.en ? "en" : text?.zh ? "zh" : null;
  if (used === null) return gallery.h(tag, {}, otherwise ?? "");
  return gallery.h(tag, { lang: used === "zh" ? "zh-Hans" : "en" }, text[used]);
};

gallery.plain = (text) => text?.[gallery.language] || text?.en || text?.zh || null;
gallery.number = (value, most = 3) => new Intl.NumberFormat(gallery.language, { maximumFractionDigits: most }).format(value);
gallery.seconds = (value) => `${value.toFixed(6).replace(/0{1,3}$/, "")} s`;
gallery.bytes = (value) => (value < 1e6 ? `${gallery.number(value / 1e3, 1)} kB` : `${gallery.number(value / 1e6, 1)} MB`);

gallery.clock = (value) => {
  const whole = Math.round(value);
  const rest = String(whole % 60).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
};

/** Takes the remembered language, else the browser's, of those that the page has. */
gallery.chooseLanguage = (asked) => {
  const has = gallery.data.index.languages;
  let kept = null;
  try {
    kept = localStorage.getItem("marsmedia-language");
    if (asked) localStorage.setItem("marsmedia-language", asked);
  } catch { /* a browser that keeps nothing for pages from a disk: the choice holds until it is closed */ }
  const wished = [asked, kept, ...navigator.languages.map((name) => name.slice(0, 2))];
  gallery.language = wished.find((name) => has.includes(name)) ?? has[0];
  document.documentElement.lang = gallery.language === "zh" ? "zh-Hans" : "en";
};
