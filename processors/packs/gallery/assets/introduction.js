// What a pack says of itself above everything else: its text, its publisher, the highlight clip and the credits.
"use strict";

(() => {
  const { h, icon } = gallery;

  /** The badges of all that is in a clip, each once, with the sources that it is about. */
  const bound = (sources) => {
    const byWords = new Map();
    for (const source of sources) {
      for (const badge of gallery.reservations(source)) {
        const about = byWords.get(badge.textContent) ?? { badge, names: [] };
        about.names.push(h("li", {}, gallery.plain(source.title) && [gallery.said("span", source.title), " · "], source.name));
        byWords.set(badge.textContent, about);
      }
    }
    return [...byWords.values()].map(({ badge, names }) => h("div.bound", {}, badge, h("ul", {}, names)));
  };

  const clipOf = (clip) => {
    const source = gallery.local(clip.href);
    if (!source) return null;
    const length = gallery.clock(clip.duration_seconds);
    return h("figure.clip", {},
      h("video", { controls: true, preload: "metadata", playsInline: true, src: source, poster: gallery.local(clip.poster), width: clip.width, height: clip.height, "aria-label": gallery.t("highlight") }),
      h("figcaption", {}, h("span", {}, h("strong", {}, gallery.t("highlight")), h("span.soft", {}, ` ${length}`)),
        h("a.quiet", { href: source, download: clip.href.split("/").pop() }, icon("download"), gallery.t("download"))),
      clip.bound.length > 0 && h("div.reserved", {}, bound(clip.bound)));
  };

  gallery.introduction = () => {
    const said = gallery.data.index.introduction;
    const place = document.getElementById("introduction");
    place.hidden = !said;
    if (!said) return;
    const credits = gallery.local(said.credits);
    const words = h("div.words", {}, gallery.plain(said.text) && gallery.said("p", said.text), said.publisher && h("p.soft", {}, said.publisher),
      credits && h("p", {}, h("a.quiet", { href: credits, target: "_blank", rel: "noopener" }, icon("file"), gallery.t("creditsFile"))));
    place.setAttribute("aria-label", gallery.t("aboutPack"));
    place.replaceChildren(...[said.clip && clipOf(said.clip), words].filter(Boolean));
  };
})();
