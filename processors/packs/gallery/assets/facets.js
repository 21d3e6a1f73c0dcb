// The filters: under each heading what there is, with how many match everything else that is asked.
"use strict";

(() => {
  const { h } = gallery;
  const SHORT = 7;
  const FIXED = { rights: Object.keys(gallery.state.RIGHTS), verdict: Object.keys(gallery.state.VERDICTS) }; // in this order, also alone
  const open = new Set();
  const order = new Intl.Collator("en", { numeric: true });

  const named = (heading, value) => {
    if (value === gallery.state.UNKNOWN) return gallery.t("unknown");
    if (FIXED[heading] || heading === "medium") return gallery.t(value);
    const { subjects } = gallery;
    if (heading === "mission") return gallery.mission(value);
    if (heading === "event") return gallery.plain(subjects.find((subject) => subject.event === value)?.event_title) ?? value;
    if (heading === "shot") {
      const [digest, number] = value.split(".");
      const name = subjects.find((subject) => subject.digest.startsWith(digest))?.name ?? digest;
      return `${name} · ${gallery.t("shotNumber", number)}`;
    }
    return value;
  };

  let known = { count: -1, values: {} };

  /** Every value that there is at all under a heading, in the order in which they occur. */
  const every = (heading) => {
    if (known.count !== gallery.subjects.length) known = { count: gallery.subjects.length, values: {} };
    known.values[heading] ??= new Set(gallery.subjects.flatMap((subject) => gallery.state.values(subject, heading)));
    return known.values[heading];
  };

  /** How many match, by value; every value that there is at all is listed. */
  const counted = (heading, state) => {
    const counts = new Map();
    if (heading === "shot") {
      if (state.view !== "frames") return counts;
      const meant = new Set(gallery.state.found({ ...state, shot: [] }).frames);
      for (const frame of gallery.frames) {
        const value = gallery.state.shotOf(frame);
        counts.set(value, (counts.get(value) ?? 0) + meant.has(frame));
      }
      return counts;
    }
    for (const value of every(heading)) counts.set(value, 0);
    for (const number of gallery.state.without(state, heading)) {
      for (const value of gallery.state.values(gallery.subjects[number], heading)) counts.set(value, counts.get(value) + 1);
    }
    return counts;
  };

  const choice = (heading, value, count, state) => {
    const chosen = state[heading].includes(value);
    const change = () => gallery.state.go({ [heading]: chosen ? state[heading].filter((other) => other !== value) : [...state[heading], value] });
    return h("label.choice", {}, h("input", { type: "checkbox", checked: chosen, value, on: { change } }),
      h("span.what", {}, heading === "medium" && h(`span.dot.${value}`, { "aria-hidden": "true" }), named(heading, value)), h("span.number", {}, String(count)));
  };

  const facet = (heading, state) => {
    const counts = [...counted(heading, state)];
    const fixed = FIXED[heading];
    if (counts.length < (fixed ? 1 : 2) && !state[heading].length) return null;
    if (heading !== "shot" && !fixed) counts.sort((a, b) => (a[0] === "-") - (b[0] === "-") || b[1] - a[1] || order.compare(a[0], b[0]));
    if (fixed) counts.sort((a, b) => fixed.indexOf(a[0]) - fixed.indexOf(b[0]));
    const long = counts.length > SHORT + 1 && !open.has(heading);
    const shown = long ? counts.filter(([value], place) => place < SHORT || state[heading].includes(value)) : counts;
    const rest = counts.length - shown.length;
    const toggle = () => {
      if (!open.delete(heading)) open.add(heading);
      gallery.facets(gallery.state.read());
    };
    return h("fieldset", { "data-heading": heading }, h("legend", {}, gallery.t(heading)),
      shown.map(([value, count]) => choice(heading, value, count, state)),
      (rest > 0 || open.has(heading)) && counts.length > SHORT + 1
        && h("button.quiet", { type: "button", on: { click: toggle } }, rest > 0 ? gallery.t("more", rest) : gallery.t("less")));
  };

  gallery.facets = (state) => {
    const focused = document.activeElement?.closest?.("#facets label")?.querySelector("input");
    const heading = focused?.closest("fieldset").dataset.heading;
    const any = gallery.state.LISTS.some((name) => state[name].length) || state.q || state.sol;
    const nothing = Object.fromEntries(gallery.state.LISTS.map((name) => [name, []]));
    const clear = () => {
      document.getElementById("asked").value = "";
      gallery.state.go({ ...nothing, q: "", sol: "" });
    };
    const place = document.getElementById("facets");
    place.replaceChildren(...[
      any && h("button.quiet.clear", { type: "button", on: { click: clear } }, gallery.t("clear")),
      ...gallery.state.LISTS.map((name) => facet(name, state)),
    ].filter(Boolean));
    document.getElementById("filters-title").textContent = gallery.t("filters");
    if (focused) [...place.querySelectorAll(`[data-heading="${heading}"] input`)].find((input) => input.value === focused.value)?.focus();
  };
})();
