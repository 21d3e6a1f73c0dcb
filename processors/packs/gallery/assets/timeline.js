// The timeline: a row for each mission, a column for each sol on which something was recorded, or each month without sols.
"use strict";

(() => {
  const { h } = gallery;
  const MOST_COLUMNS = 48;
  const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000];
  const MEDIA = ["video", "audio", "photo"];

  /** Columns of one mission: by sol, or by as many sols as keep them few. */
  const columns = (subjects) => {
    const known = subjects.filter((subject) => subject.sols);
    const sols = known.map((subject) => subject.sols[0]);
    const distinct = new Set(sols).size;
    const span = sols.length ? sols.reduce((a, b) => Math.max(a, b)) - sols.reduce((a, b) => Math.min(a, b)) + 1 : 0;
    const step = distinct <= MOST_COLUMNS ? 1 : STEPS.find((one) => span / one <= MOST_COLUMNS) ?? span;
    const found = new Map();
    for (const subject of known) {
      const first = Math.floor(subject.sols[0] / step) * step;
      if (!found.has(first)) found.set(first, { first, last: first + step - 1, subjects: [] });
      found.get(first).subjects.push(subject);
    }
    const ordered = [...found.values()].sort((a, b) => a.first - b.first);
    const dated = Map.groupBy(subjects.filter((subject) => !subject.sols && subject.month), (subject) => subject.month);
    const months = [...dated].sort(([a], [b]) => a.localeCompare(b)).map(([month, members]) => ({ month, first: null, subjects: members }));
    const without = subjects.filter((subject) => !subject.sols && !subject.month);
    return [...ordered, ...months, ...(without.length ? [{ first: null, subjects: without }] : [])];
  };

  const name = (mission, column) => {
    if (column.month) return column.month;
    if (column.first === null) return gallery.t("noDate");
    const lasts = new Set(column.subjects.map((subject) => subject.sols[1]));
    const last = lasts.size === 1 ? [...lasts][0] : column.last;
    const end = Math.max(last, column.last);
    return gallery.solSpan(mission, column.first, end);
  };

  const events = (column) => {
    const found = new Map(column.subjects.filter((s) => s.event).map((s) => [s.event, gallery.plain(s.event_title) ?? s.event]));
    if (found.size === 1) return [...found.values()][0];
    return found.size ? gallery.t("events", found.size) : "";
  };

  const button = (mission, column, most, state) => {
    const sol = `${mission}:${column.month ?? (column.first === null ? gallery.state.UNKNOWN : `${column.first}..${column.last}`)}`;
    const pressed = state.sol === sol;
    const parts = MEDIA.map((medium) => [medium, column.subjects.filter((subject) => subject.medium === medium).length]);
    const bar = h("span.stack", { "aria-hidden": "true", style: { height: `${12 + 44 * Math.sqrt(column.subjects.length / most)}px` } },
      parts.filter(([, count]) => count).map(([medium, count]) => h(`span.${medium}`, { style: { flex: String(count) } })));
    const event = events(column);
    return h("li", {}, h("button.column", {
      type: "button", "aria-pressed": String(pressed), title: event,
      on: { click: () => gallery.state.go({ sol: pressed ? "" : sol }) },
    }, h("span.room", {}, bar), h("span.sol", {}, name(mission, column)), h("span.number", {}, gallery.t(column.subjects.length === 1 ? "item" : "items", column.subjects.length)),
      h("span.event", {}, event)));
  };

  gallery.timeline = (state) => {
    const folded = document.getElementById("when");
    const place = document.getElementById("rows");
    folded.open ||= Boolean(state.sol);
    document.getElementById("when-title").textContent = gallery.t("timeline");
    const kept = place.querySelector("ol")?.scrollLeft ?? 0;
    const meant = gallery.state.without(state, "sol").map((number) => gallery.subjects[number]);
    const missions = Map.groupBy(meant, (subject) => subject.mission ?? gallery.state.UNKNOWN);
    const rows = [...missions].sort(([a], [b]) => (a === gallery.state.UNKNOWN) - (b === gallery.state.UNKNOWN) || a.localeCompare(b));
    document.getElementById("timeline").setAttribute("aria-label", gallery.t("timeline"));
    place.replaceChildren(...rows.map(([mission, members]) => {
      const found = columns(members);
      const most = Math.max(...found.map((column) => column.subjects.length));
      const title = mission === gallery.state.UNKNOWN ? gallery.t("noMission") : gallery.mission(mission);
      const flat = found.length === 1 && found[0].first === null && !found[0].month ? ".flat" : "";
      return h(`div.row${flat}`, {}, h("h2", {}, title), h("ol", {}, found.map((column) => button(mission, column, most, state))));
    }));
    const first = place.querySelector("ol");
    if (first) first.scrollLeft = kept;
  };
})();
