// The list: cards that are links, walked with the arrow keys, and what stands above it.
"use strict";

(() => {
  const { h, icon } = gallery;

  const address = (changes) => gallery.state.written({ ...gallery.state.read(), tab: "", at: "", ...changes });

  const badge = (kind, name) => gallery.state.isShown(name) && h(`span.badge.${kind}`, {}, gallery.t(name));

  /** What must be clarified before publishing: terms of use, logos and captions, and rights that are not cleared. */
  gallery.reservations = (subject) => {
    const is = gallery.state.VERDICTS;
    return [
      is.terms(subject) && gallery.state.isShown("terms") && h("span.badge.warn.said", {}, gallery.t("termsSaid", subject.terms)),
      is.overlays(subject) && gallery.state.isShown("overlays") && h("span.badge.warn", { title: gallery.plain(subject.overlays) }, gallery.t("overlays")),
      gallery.state.RIGHTS.notCleared(subject) && h("span.badge.bad", {}, gallery.t(subject.redistribute === null ? "permissionNotStated" : "notCleared")),
    ].filter(Boolean);
  };

  /** The audit's verdicts and what else a person must know before using it. */
  gallery.badges = (subject) => {
    const is = gallery.state.VERDICTS;
    return [
      is.incomplete(subject) && badge("bad", "incomplete"), is.complete(subject) && badge("good", "complete"),
      is.still(subject) && badge("warn", "still"), is.measurable(subject) && badge("good", "measurable"),
      is.unmeasurable(subject) && badge("warn", "unmeasurable"), is.failed(subject) && badge("bad", "failed"), is.disagree(subject) && badge("warn", "disagree"),
      ...gallery.reservations(subject), is.synthetic(subject) && badge("plain", "synthetic"),
    ].filter(Boolean);
  };

  const MOST_OF_A_DAY = 4; // sols that a date without a time may touch

  const span = (first, last) => (last > first ? `${first}–${last}` : first);

  const namedSol = (mission, first, last, between) => {
    const landing = gallery.data.index.landing_sols[mission] ?? -Infinity;
    if (first >= landing) return gallery.t("sol", between(first, last));
    return gallery.t(landing - first === 1 ? "oneBeforeLanding" : "beforeLanding", between(landing - last, landing - first));
  };
  const isAround = (mission, first, last) => {
    const landing = gallery.data.index.landing_sols[mission] ?? -Infinity;
    return first < landing && last >= landing;
  };

  /** Sols as the mission counts them; what is earlier than the first of them is so many sols before landing. */
  gallery.solSpan = (mission, first, last) => {
    if (!isAround(mission, first, last)) return namedSol(mission, first, last, span);
    return gallery.t("solsUntil", namedSol(mission, first, first, span), gallery.t("sol", last));
  };

  /** The sol for cards, headings and citations, as sol_words says it; null where a date alone does not tell it. */
  gallery.sols = ({ mission, sols }) => {
    if (!sols) return null;
    const [first, last] = sols;
    if (isAround(mission, first, last)) return last - first < MOST_OF_A_DAY ? gallery.t("aroundLanding") : null;
    const either = (one, other) => (one === other ? one : gallery.t("either", one, other));
    return last - first < 2 ? namedSol(mission, first, last, either) : null;
  };

  gallery.isBeforeLanding = (subject) => subject.sols !== null && subject.sols[0] < (gallery.data.index.landing_sols[subject.mission] ?? -Infinity);

  /** Styles that show one part of a picture, given as shares of its sides: a spectrogram without its axes. */
  const cut = ([left, upper, right, lower]) => {
    const [width, height] = [right - left, lower - upper];
    const percent = (share) => `${100 * share}%`;
    return { inset: "auto", left: percent(-left / width), top: percent(-upper / height), width: percent(1 / width), height: percent(1 / height), "max-width": "none", "object-fit": "fill" };
  };

  const picture = (href, box) => {
    const source = gallery.local(href);
    return source ? h("img", { src: source, alt: "", loading: "lazy", decoding: "async", ...(box && { style: cut(box) }) }) : null;
  };

  const face = (href, box, medium, ...over) => h("span.face", {}, picture(href, box) ?? h("span.blank", {}, icon(medium)), ...over);

  const subjectCard = (number) => {
    const subject = gallery.subjects[number];
    const event = gallery.plain(subject.event_title) ?? subject.event;
    const when = subject.date_is_of_event ? [event ? gallery.t("eventAt", event, subject.date) : null] : [subject.date, event];
    const about = [gallery.sols(subject), ...when, subject.camera].filter(Boolean).join(" · ");
    const length = subject.duration_seconds === null ? "" : ` ${gallery.clock(subject.duration_seconds)}`;
    return h("li", {}, ...(gallery.packing.isOffered() ? [gallery.packing.choice(number)] : []), h("a.card", { href: address({ open: subject.digest.slice(0, 12) }), "data-number": String(number) },
      face(subject.thumbnail, subject.thumbnail_box, subject.medium, h("span.kind", {}, icon(subject.medium), h("span", {}, `${gallery.t(subject.medium)}${length}`))),
      h("span.words", {}, gallery.said("span.name", subject.title, subject.name), about && h("span.about", {}, about), gallery.plain(subject.title) && h("span.about.file", {}, subject.name),
        subject.elsewhere.map((place) => h("span.about.file", {}, gallery.t("alsoIn", place.path))),
        h("span.badges", {}, gallery.badges(subject)))));
  };

  const frameCard = (frame) => {
    const subject = gallery.subjects[frame.subject];
    const at = gallery.seconds(frame.time_seconds);
    const shot = frame.shot ? gallery.t("shotNumber", frame.shot) : null;
    const about = [shot, frame.is_still ? gallery.t("still1") : null, frame.counts ? null : gallery.t("notOfToday")].filter(Boolean).join(" · ");
    return h("li", {}, h("a.card", { href: address({ open: subject.digest.slice(0, 12), tab: "frames", at: String(frame.time_seconds) }) },
      face(frame.thumbnail ?? frame.href, null, "photo"),
      h("span.words", {}, h("span.name", {}, at), gallery.plain(subject.title) && gallery.said("span.about", subject.title),
        about && h("span.about", {}, about), h("span.about.file", {}, subject.name), h("span.badges", {}, gallery.badges(subject)))));
  };

  /** How many there are, of how many; or how many are loaded so far. */
  const counted = (shown, all, loaded) => {
    if (!loaded) return gallery.t("loading", gallery.number(gallery.subjects.length), gallery.number(gallery.data.index.subject_count));
    if (!shown) return gallery.t("none");
    return gallery.t(shown === 1 && all === 1 ? "item" : "items", shown === all ? gallery.number(all) : gallery.t("count", gallery.number(shown), gallery.number(all)));
  };

  const views = (state, found) => {
    const { frame_count: all } = gallery.data.index;
    if (!all) return [];
    const frames = state.view === "frames" ? found.frames.length : found.subjects.reduce((sum, number) => sum + gallery.subjects[number].frame_count, 0);
    return [["", "media", found.subjects.length], ["frames", "frames", frames]].map(([view, name, count]) => h("button", {
      type: "button", "aria-pressed": String(state.view === view), on: { click: () => gallery.state.go({ view, shot: view ? state.shot : [] }) },
    }, gallery.t(name), h("span.number", {}, gallery.number(count))));
  };

  /** Draws the list; `grows` where only more was loaded of what is shown. */
  gallery.list = (state, grows = false) => {
    const found = gallery.state.found(state);
    const isFrames = state.view === "frames";
    const { subject_count: subjects, frame_count: frames } = gallery.data.index;
    const shown = isFrames ? found.frames : found.subjects;
    gallery.found = found;
    const loaded = gallery.parts.complete && (!isFrames || gallery.parts.framesComplete);
    document.getElementById("count").textContent = counted(shown.length, isFrames ? frames : subjects, loaded);
    document.getElementById("list").setAttribute("aria-label", gallery.t(isFrames ? "frames" : "media"));
    gallery.scroller[grows ? "grow" : "show"](shown, isFrames ? frameCard : subjectCard);
    document.getElementById("views").replaceChildren(...views(state, found));
    const isOfPack = gallery.state.inPack() !== null;
    const orders = ["", ...(isOfPack ? ["release"] : []), ...Object.keys(gallery.state.ORDERS)];
    const called = { "": isOfPack ? "sort_pack" : "sort_", release: "sort_" };
    const sort = h("select", { id: "sort", on: { change: () => gallery.state.go({ sort: orders[sort.selectedIndex] }) } },
      orders.map((name) => h("option", { selected: name === state.sort }, gallery.t(called[name] ?? `sort_${name}`))));
    const tools = shown.length > 0 && [!isFrames && h("label.which", {}, h("span", {}, gallery.t("sort")), sort), gallery.packing.isOffered() && gallery.packing.button()];
    document.getElementById("listed").replaceChildren(...[tools].flat().filter(Boolean));
    document.getElementById("views").setAttribute("aria-label", gallery.t("view"));
    if (isFrames && !gallery.parts.framesComplete) gallery.parts.allFrames().then(gallery.redraw, gallery.failed);
  };

  /** Moves the focus among the cards; true where there was somewhere to go. */
  gallery.walk = (key) => {
    const cards = [...document.querySelectorAll("#list .card")];
    const here = cards.indexOf(document.activeElement);
    if (!cards.length) return false;
    const top = cards[0].getBoundingClientRect().top;
    const across = cards.findIndex((card) => card.getBoundingClientRect().top > top + 1);
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -Math.max(across, 1), ArrowDown: Math.max(across, 1) }[key];
    const next = here < 0 ? 0 : here + step;
    if (!cards[next]) return false;
    cards[next].focus();
    return true;
  };
})();
