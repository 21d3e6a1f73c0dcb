// What is asked for: it lives in the address after #, so that a link or a bookmark shows the same again.
"use strict";

(() => {
  const LISTS = ["rights", "medium", "mission", "event", "camera", "month", "release", "verdict", "shot"];
  const SINGLE = ["q", "sol", "sort", "view", "open", "tab", "at"];
  const UNKNOWN = "-";

  const read = () => {
    const given = new URLSearchParams(location.hash.slice(1));
    const state = {};
    for (const name of LISTS) state[name] = given.getAll(name);
    for (const name of SINGLE) state[name] = given.get(name) ?? "";
    return state;
  };

  const written = (state) => {
    const given = new URLSearchParams();
    for (const name of LISTS) for (const value of state[name]) given.append(name, value);
    for (const name of SINGLE) if (state[name]) given.set(name, state[name]);
    return `#${given}`;
  };

  const VERDICTS = {
    complete: (s) => s.audit?.is_complete === true,
    incomplete: (s) => s.audit?.is_complete === false,
    measurable: (s) => s.audit?.motion_may_be_measured === true,
    unmeasurable: (s) => s.audit?.motion_may_be_measured === false,
    still: (s) => s.audit?.is_stop_motion === true,
    failed: (s) => s.has_failures,
    disagree: (s) => s.disagreement_count > 0,
    synthetic: (s) => s.synthetic,
    terms: (s) => s.terms !== null, // an embargo, or other words that only a person can weigh
    overlays: (s) => s.overlays !== null, // the audit found signs that stand still, or could not look for them
  };

  /** Of each file one is so, as the pack counts: what is forbidden, or what nobody has allowed, is not cleared. */
  const RIGHTS = {
    cleared: (s) => s.redistribute === true,
    notCleared: (s) => s.redistribute !== true,
  };

  /** Verdicts that say how a file may be used; the others are for those who measure, or who keep the store. */
  const FOR_READERS = ["incomplete", "synthetic", "terms", "overlays"];
  const isShown = (verdict) => !gallery.data.index.introduction?.is_for_readers || FOR_READERS.includes(verdict);

  const last = (value) => value ?? "\uffff"; // what is unknown comes last

  const titleOf = (subject) => gallery.plain(subject.title) ?? subject.name;

  const byName = { language: null, compare: null }; // a collator is made once: it is ten times as fast as localeCompare
  const compared = (a, b) => {
    if (byName.language !== gallery.language) {
      byName.language = gallery.language;
      byName.compare = new Intl.Collator(gallery.language, { numeric: true }).compare;
    }
    return byName.compare(a, b);
  };

  const earlier = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

  /** Orders of the list besides that of the release or, where its recipe names sources, of the pack. */
  const ORDERS = {
    date: (a, b) => earlier(last(a.earliest_utc), last(b.earliest_utc)),
    newest: (a, b) => earlier(b.earliest_utc ?? "", a.earliest_utc ?? ""),
    name: (a, b) => compared(titleOf(a), titleOf(b)),
    length: (a, b) => (b.duration_seconds ?? -1) - (a.duration_seconds ?? -1),
  };

  /** The values by which a subject is found under one heading. */
  const values = (subject, name) => {
    if (name === "verdict") return Object.keys(VERDICTS).filter((verdict) => isShown(verdict) && VERDICTS[verdict](subject));
    if (name === "rights") return Object.keys(RIGHTS).filter((right) => RIGHTS[right](subject));
    if (name === "release") return [...new Set([subject.release, ...subject.elsewhere.map((place) => place.release)])];
    return [subject[name] ?? UNKNOWN];
  };

  /** A timeline column: `mission:first..last`, `mission:2021-06` for what has no sol, or `mission:-` for what has no date. */
  const inSols = (subject, sol) => {
    const place = sol.lastIndexOf(":");
    if ((subject.mission ?? UNKNOWN) !== sol.slice(0, place)) return false;
    const column = sol.slice(place + 1);
    if (/^\d{4}(-\d\d)?$/.test(column) && !column.includes("..")) return !subject.sols && subject.month === column;
    const [first, last] = column.split("..").map(Number);
    if (Number.isNaN(first)) return !subject.sols && !subject.month;
    return Boolean(subject.sols) && subject.sols[0] >= first && subject.sols[0] <= last;
  };

  const searched = (subject) => {
    subject.searched ??= [subject.name, ...Object.values(subject.title), ...subject.said, subject.event, ...Object.values(subject.event_title), subject.camera, subject.mission, ...Object.values(gallery.data.index.missions[subject.mission] ?? {}), subject.release, ...subject.elsewhere.map((place) => place.path), subject.place, subject.digest]
      .filter(Boolean).join("\n").toLowerCase();
    return subject.searched;
  };

  /** An English word without its ending, so that "tracks" finds "track" and "landing" finds "lands"; others as they are. */
  const stem = (word) => {
    const cut = /^[a-z]+$/.test(word) && !word.endsWith("ss") ? ["ing", "ed", "es", "s"].find((end) => word.endsWith(end) && word.length - end.length >= 4) : null;
    return cut ? word.slice(0, -cut.length) : word;
  };

  /**
   * Looks once at every subject: the numbers of those that match, and under each heading of those that match all else.
   * Shots are asked of frames, not of subjects.
   */
  const look = (state) => {
    const { subjects } = gallery;
    const asked = LISTS.filter((name) => name !== "shot" && state[name].length);
    const words = state.q.toLowerCase().split(/\s+/).filter(Boolean).map(stem);
    const but = Object.fromEntries([...LISTS, "sol"].map((name) => [name, []]));
    const numbers = [];
    for (let number = 0; number < subjects.length; number += 1) {
      const subject = subjects[number];
      if (words.length && !words.every((word) => searched(subject).includes(word))) continue;
      const failed = asked.filter((name) => !values(subject, name).some((value) => state[name].includes(value)));
      if (state.sol && !inSols(subject, state.sol)) failed.push("sol");
      if (!failed.length) numbers.push(number);
      else if (failed.length === 1) but[failed[0]].push(number);
    }
    return { numbers, but };
  };

  let places = null;

  /** The place of each subject, by its number, in the order in which the pack's recipe names them; null where it names none. */
  const inPack = () => {
    const order = gallery.data.index.introduction?.order;
    if (order) places ??= new Map(order.map((number, place) => [number, place]));
    return places;
  };

  let latest = { asked: "", count: -1, seen: null };

  /** `look`, once for each state. */
  const seen = (state) => {
    const asked = JSON.stringify([LISTS.map((name) => name !== "shot" && state[name]), state.q, state.sol]);
    if (latest.asked !== asked || latest.count !== gallery.subjects.length) {
      latest = { asked, count: gallery.subjects.length, seen: look(state) };
    }
    return latest.seen;
  };

  const shotOf = (frame) => (frame.shot ? `${gallery.subjects[frame.subject].digest.slice(0, 12)}.${frame.shot}` : UNKNOWN);

  gallery.state = {
    LISTS, UNKNOWN, VERDICTS, RIGHTS, ORDERS, inPack, isShown, read, written, values, shotOf,

    /** Go to the changed state; `keep` makes no step for the browser's Back. */
    go(changes, keep = false) {
      const address = written({ ...read(), ...changes });
      if (address === location.hash || (address === "#" && !location.hash)) return;
      if (keep) location.replace(address);
      else location.hash = address;
    },

    /** Numbers of the subjects that match all but what is asked under one heading. */
    without(state, heading) {
      const { numbers, but } = seen(state);
      return but[heading].length ? numbers.concat(but[heading]).sort((a, b) => a - b) : numbers;
    },

    /** Numbers of the subjects, and the frames as far as they are loaded, that are meant. */
    found(state) {
      const { subjects, frames } = gallery;
      const numbers = seen(state).numbers.slice();
      const place = state.sort ? null : inPack();
      if (place) numbers.sort((a, b) => place.get(a) - place.get(b));
      if (ORDERS[state.sort]) numbers.sort((a, b) => ORDERS[state.sort](subjects[a], subjects[b]) || a - b);
      if (state.view !== "frames" && !state.shot.length) return { subjects: numbers, frames: [] };
      const meant = new Set(numbers);
      const shown = frames.filter((frame) => meant.has(frame.subject));
      if (place) shown.sort((a, b) => place.get(a.subject) - place.get(b.subject));
      if (!state.shot.length) return { subjects: numbers, frames: shown };
      const inShots = shown.filter((frame) => state.shot.includes(shotOf(frame)));
      const having = new Set(inShots.map((frame) => frame.subject));
      return { subjects: numbers.filter((number) => having.has(number)), frames: inShots };
    },
  };
})();
