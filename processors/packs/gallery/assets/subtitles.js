// Subtitles of a video as the browser's own text tracks; that of the page's language is shown.
"use strict";

(() => {
  const { h } = gallery;

  /** The tag that browsers use: `en` for the container's `eng`, `zh` for `chi`; null for none, or one that is no tag. */
  const canonical = (language) => {
    try {
      return Intl.getCanonicalLocales(language ?? [])[0] ?? null;
    } catch {
      return null;
    }
  };

  const called = ({ language, title, is_for_hard_of_hearing: isForHardOfHearing }) => {
    const tag = canonical(language);
    const name = tag ? new Intl.DisplayNames([gallery.language], { type: "language" }).of(tag) : gallery.t("subtitles");
    return [name, title, isForHardOfHearing && !title && "CC"].filter(Boolean).join(" · ");
  };

  /** Tracks for a player; `shift` puts their times where the file that is played has them. */
  gallery.subtitles = (detail) => {
    const addresses = [];
    const own = canonical(gallery.language).split("-")[0];
    const shown = detail.subtitles.findIndex(({ language }) => canonical(language)?.split("-")[0] === own);
    let wanted = 0;
    const tracks = detail.subtitles.map((subtitles, number) => {
      const address = URL.createObjectURL(new Blob([subtitles.text], { type: "text/vtt" }));
      addresses.push(address);
      const element = h("track", {
        kind: subtitles.is_for_hard_of_hearing ? "captions" : "subtitles", src: address, label: called(subtitles),
        srclang: canonical(subtitles.language) ?? "", default: number === shown,
      });
      let moved = 0;
      element.move = () => {
        const by = subtitles.zero_seconds - wanted - moved;
        if (!by || !element.track.cues) return;
        for (const cue of [...element.track.cues]) [cue.startTime, cue.endTime] = [cue.startTime + by, cue.endTime + by];
        moved += by;
      };
      element.addEventListener("load", () => element.move());
      return element;
    });
    return {
      tracks,
      shift(offset) {
        wanted = offset;
        tracks.forEach((track) => track.move());
      },
      free: () => addresses.forEach((address) => URL.revokeObjectURL(address)),
    };
  };
})();
