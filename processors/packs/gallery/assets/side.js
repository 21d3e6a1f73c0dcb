// The panel beside the stage: what it is, the audit, provenance, citation and files.
"use strict";

(() => {
  const { h, icon } = gallery;
  const MOST_LEAVES = 60;

  /** What is not known is said to those who can find it out, and left out of packs for readers. */
  const unknown = () => (gallery.data.index.introduction?.is_for_readers ? null : gallery.t("unknown"));

  const row = (name, value) => (value === null || value === undefined || value === "" ? null : [h("dt", {}, name), h("dd", {}, value)]);
  const section = (name, ...content) => h("section", { "data-part": name }, h("h3", {}, gallery.t(name)), ...content);
  const table = (leaves) => h("dl.facts", {}, leaves.slice(0, MOST_LEAVES).map(([name, value]) => row(name, value)),
    leaves.length > MOST_LEAVES && row("…", gallery.t("more", leaves.length - MOST_LEAVES)));
  const folded = (name, leaves) => leaves.length ? h("details", {}, h("summary", {}, gallery.t(name)), table(leaves)) : null;

  const recorded = (detail) => {
    const at = detail.recorded;
    if (!at) return unknown();
    const precision = gallery.t("precisions")?.[at.precision] ?? at.precision;
    if (gallery.data.index.introduction?.is_for_readers) return at.is_of_event ? gallery.t("eventAt", at.written, gallery.t("ofEvent")) : at.written;
    const whose = at.is_of_event ? gallery.t("ofEvent") : gallery.t("saysWho", at.source);
    return gallery.t("eventAt", at.written, `${gallery.t("precision", precision)}; ${whose}`);
  };

  /** What it shows, and when that was; a recording of it may be of another time. */
  const event = (subject, detail) => {
    const title = gallery.plain(subject.event_title) ?? subject.event;
    if (!title) return unknown();
    return detail.event_written ? gallery.t("eventAt", title, detail.event_written) : title;
  };

  const marsTime = (hours) => {
    const minutes = Math.floor(hours * 60);
    return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
  };

  const pictureOf = (known) => known?.width_px && [`${known.width_px} × ${known.height_px} px`,
    known.frame_rate_hz && `${gallery.number(known.frame_rate_hz, 2)} fps`, known.picture_codec].filter(Boolean).join(", ");

  const soundOf = (known) => known?.sample_rate_hz && [known.sound_codec, `${gallery.number(known.sample_rate_hz / 1000)} kHz`,
    `${known.channel_count} ch`].filter(Boolean).join(", ");

  const about = (subject, detail) => {
    const may = subject.redistribute;
    const at = detail.recorded;
    return section("about",
      gallery.badges(subject).length > 0 && h("p.badges", {}, gallery.badges(subject)),
      gallery.plain(detail.caption) && h("div.caption", {}, gallery.said("p", detail.caption)),
      h("dl", {},
        row(gallery.t("mission"), subject.mission ? gallery.mission(subject.mission) : unknown()),
        row(gallery.t("event"), event(subject, detail)),
        row(gallery.tm("recorded", subject.medium), recorded(detail)),
        row(gallery.t("sols"), !subject.sols ? unknown() : gallery.isBeforeLanding(subject) ? gallery.sols(subject) ?? gallery.solSpan(subject.mission, ...subject.sols) : [...new Set(subject.sols)].join("–")),
        row(gallery.tm("by", subject.medium), subject.camera ?? unknown()),
        row(gallery.t("pictureSize"), pictureOf(detail.properties)), row(gallery.t("sound"), soundOf(detail.properties)),
        detail.properties?.other_streams?.length > 0 && row(gallery.t("otherStreams"), detail.properties.other_streams.join("; ")),
        !detail.properties && detail.unused_streams.length > 0 && row(gallery.t("otherStreams"), detail.unused_streams.map(gallery.plain).join(" ")),
        detail.unnoticed && row(gallery.t("verdict"), gallery.t("unnoticed", ...detail.unnoticed)),
        subject.duration_seconds !== null && row(gallery.t("duration"), `${gallery.number(subject.duration_seconds)} s`),
        row(gallery.t("credit"), detail.credit ?? gallery.t("unknown")),
        row(gallery.t("rights"), detail.rights === "unresolved" ? gallery.t("unresolved") : detail.rights ?? gallery.t("unknown")),
        row(gallery.t("usageTerms"), detail.usage_terms), row(gallery.t("instructions"), detail.instructions),
        row(gallery.t("redistribute"), gallery.plain(detail.passed_on) ?? gallery.t(may === null ? "notSaid" : may ? "yes" : "no"))),
      h("details", {}, h("summary", {}, gallery.t("details")), h("dl", {},
        gallery.isBeforeLanding(subject) && subject.sols[1] > subject.sols[0] && row(gallery.t("solsAllowed"), gallery.solSpan(subject.mission, ...subject.sols)),
        at?.solar_longitude_degrees != null && row(gallery.t("ls"), `${gallery.number(at.solar_longitude_degrees, 2)}°`),
        at && at.local_true_solar_time_hours !== null && !gallery.isBeforeLanding(subject) && row(gallery.t("ltst"), marsTime(at.local_true_solar_time_hours)),
        row(gallery.t("keywords"), detail.keywords.join("; ")), row(gallery.t("place"), gallery.plain(detail.place)), row(gallery.t("creator"), detail.creator), row(gallery.t("agency"), detail.agency),
        row(gallery.t("published"), detail.published_at), row(gallery.t("release"), gallery.state.values(subject, "release").join(", ")), row(gallery.t("file"), subject.name),
        subject.elsewhere.length > 0 && row(gallery.t("alsoAt"), subject.elsewhere.map((place) => place.path).join(", ")),
        row(gallery.t("format"), detail.format), row(gallery.t("size"), gallery.bytes(detail.size_bytes)),
        row(gallery.t("digest"), h("code", {}, subject.digest)))));
  };

  /** What the audit and the evidence say against using it without a thought. */
  const audit = (detail) => [
    gallery.plain(detail.audit?.words) && section("auditTitle", gallery.said("p.small", detail.audit.words)),
    detail.disagreements.length > 0 && section("disagreements", h("ul.disagreements", {}, detail.disagreements.map((line) => gallery.said("li", line)))),
    detail.failures.length > 0 && section("failures", h("ul.disagreements", {}, detail.failures.map((failure) =>
      h("li", {}, gallery.t("notMade", gallery.label(failure.processor), failure.processor, gallery.t(`verdict_${failure.verdict}`)), failure.reason && h("span", { lang: "en" }, failure.reason))))),
  ];

  const download = (tag, file, ...said) => h(tag, { href: gallery.local(file.href), download: file.saved_as }, ...said);

  /** The same frame in other sizes, and as other results have it. */
  const alsoAs = (detail, frame) => {
    const others = (frame?.others ?? []).map((number) => detail.files[number]).filter((file) => gallery.local(file.href));
    return others.length > 0 && h("p.actions.also", {}, h("span.soft", {}, gallery.t("alsoAs")), others.map((file) =>
      download("a.quiet", file, [gallery.kind(file), file.counts ? null : gallery.t("notOfToday")].filter(Boolean).join(", "))));
  };

  /** Citation and provenance of what stands on the stage. */
  const made = (subject, detail, file, frame) => {
    const text = gallery.citation(subject, detail, file, frame);
    const result = file && file.result !== null ? detail.results[file.result] : null;
    const address = file && gallery.local(file.href);
    const copy = h("button.copy", { type: "button" }, icon("copy"), h("span", { role: "status" }, gallery.t("copy")));
    copy.addEventListener("click", async () => {
      await gallery.copy(text);
      copy.querySelector("span").textContent = gallery.t("copied");
    });
    const link = h("button.quiet", { type: "button" }, icon("link"), h("span", { role: "status" }, gallery.t("copyLink")));
    link.addEventListener("click", async () => {
      await gallery.copy(location.href);
      link.querySelector("span").textContent = gallery.t("copied");
    });
    return [
      h("p.actions", {}, address && download("a.download", file, icon("download"), gallery.t("download")), link),
      alsoAs(detail, frame),
      section("citation", h("p.citation", {}, text), copy),
      file && section("provenance", h("p.small", {}, gallery.provenance(subject, detail, file)),
        h("p.soft.small", {}, `${file.name} · ${gallery.bytes(file.size_bytes)} · `, address && h("a", { href: address, target: "_blank", rel: "noopener" }, gallery.t("openFile"))),
        h("dl", {}, row(gallery.t("digest"), h("code", {}, file.sha256)), result && row(gallery.t("resultKey"), h("code", {}, result.key))),
        folded("facts", gallery.leaves(file.facts)), result && folded("parameters", gallery.leaves(result.parameters)), result && folded("software", gallery.leaves(result.software))),
    ];
  };

  const files = (detail) => {
    const line = (file) => {
      const address = gallery.local(file.href);
      const by = file.result === null ? gallery.t("original") : gallery.t("madeFrom", detail.results[file.result].processor);
      return h("li", {}, address ? h("a", { href: address, target: "_blank", rel: "noopener" }, file.name) : file.name, h("span.soft", {}, `${by} · ${gallery.bytes(file.size_bytes)}`));
    };
    const list = (some, summary) => some.length > 0 && h("details", {}, h("summary", {}, summary), h("ul.files", {}, some.map(line)));
    const today = detail.files.filter((file) => file.counts);
    const others = detail.files.filter((file) => !file.counts);
    return section("files", list(today, gallery.t("items", today.length)), list(others, gallery.t("itemsNotOfToday", others.length)));
  };

  gallery.side = (subject, detail) => {
    const shown = h("div.shown", {});
    const panel = h("div.side", { tabIndex: 0, role: "region", "aria-label": gallery.t("about") }, about(subject, detail), audit(detail).filter(Boolean), shown, files(detail));
    return { panel, show: (file, frame = null) => shown.replaceChildren(...made(subject, detail, file, frame).filter(Boolean)) };
  };
})();
