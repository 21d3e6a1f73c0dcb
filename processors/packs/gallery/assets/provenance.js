// What is said of a file: where it is from, how it was made, and how it is to be cited.
"use strict";

(() => {
  const maker = (result) => {
    const { marsmedia } = result.software;
    return marsmedia ? `marsmedia ${marsmedia}` : "marsmedia";
  };

  /** Who is named first: the maker of the picture, or whoever published it. */
  const author = (detail) => detail.creator ?? detail.agency ?? detail.credit;

  const where = (subject) => [subject.mission && gallery.mission(subject.mission), gallery.sols(subject), gallery.plain(subject.event_title) ?? subject.event, subject.camera]
    .filter(Boolean).join(", ");

  /** A citation in one paragraph; what nobody knows is left out. */
  gallery.citation = (subject, detail, file, frame) => {
    const result = file?.result !== null && file !== undefined ? detail.results[file.result] : null;
    const title = gallery.plain(subject.title);
    const parts = [
      author(detail), title ? gallery.t("quoted", title) : null, subject.name, where(subject),
      detail.recorded ? detail.recorded.written : null, gallery.t("citeRelease", subject.release), detail.published_at,
      frame ? gallery.t("citeFrame", gallery.seconds(frame.time_seconds), frame.pts, frame.time_base) : null,
      `SHA-256 ${subject.digest}`,
      result ? gallery.t("citeMade", maker(result), result.processor, result.version, result.key.slice(0, 16)) : null,
      subject.synthetic ? gallery.t("citeSynthetic") : null,
    ];
    return `${parts.filter(Boolean).join(". ")}.`;
  };

  /** "Made from ... by ... with ..." */
  gallery.provenance = (subject, detail, file) => {
    if (file.result === null) return gallery.t("isOriginal", subject.name);
    const result = detail.results[file.result];
    return gallery.t("madeBy", subject.name, result.processor, result.version, maker(result));
  };

  /** Name and value of every leaf, in order: `spectrogram.window: hann`. */
  gallery.leaves = (value, name = "") => {
    if (value === null || typeof value !== "object") return [[name, value === null ? gallery.t("unknown") : String(value)]];
    const entries = Object.entries(value);
    if (!entries.length) return name ? [[name, "–"]] : [];
    if (Array.isArray(value) && value.every((one) => typeof one !== "object")) return [[name, value.join(", ")]];
    return entries.flatMap(([key, inner]) => gallery.leaves(inner, name ? `${name}.${key}` : key));
  };

  gallery.copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch { // a page from a disk may be refused the clipboard: the older way asks nobody
      const area = gallery.h("textarea", { value: text });
      (document.querySelector("dialog[open]") ?? document.body).append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  };
})();
