// The index in parts: subjects arrive while the page is in use, frames when they are asked for.
"use strict";

(() => {
  const AT_ONCE = 4;

  /** The records of a table: names once, then rows of values. Copies of one record take a third less memory than grown ones. */
  const records = ({ names, rows }) => {
    const empty = JSON.parse(`{${names.map((name) => `${JSON.stringify(name)}:null`)}}`);
    return rows.map((row) => {
      const record = { ...empty };
      for (let place = 0; place < names.length; place += 1) record[names[place]] = row[place];
      return record;
    });
  };

  const called = (kind, part) => `${kind}-${String(part).padStart(4, "0")}`;
  const count = () => Math.max(1, Math.ceil(gallery.data.index.subject_count / gallery.data.index.part));

  const loaded = async (kind, part) => {
    const name = called(kind, part);
    if (!gallery.data[name]) await gallery.script(`data/${name}.js`);
    const found = records(gallery.data[name]);
    gallery.data[name] = { names: [], rows: [] }; // its records are kept elsewhere
    return found;
  };

  const ofParts = {}; // promises of the frames of each part, and of all
  let frames = null;

  gallery.subjects = [];
  gallery.frames = [];

  gallery.parts = {
    /** Are all subjects there? */
    get complete() { return gallery.subjects.length === gallery.data.index.subject_count; },

    /** Are all frames there? */
    get framesComplete() { return gallery.frames.length === gallery.data.index.frame_count; },

    /** Takes the first part, which the page has loaded. */
    begin() {
      gallery.subjects = records(gallery.data[called("subjects", 0)]);
      gallery.data[called("subjects", 0)] = null;
    },

    /** Loads all further subjects; calls `grown` when there are twice as many as before, and at the end. */
    async rest(grown) {
      let drawn = gallery.subjects.length;
      for (let part = 1; part < count(); part += AT_ONCE) {
        const numbers = Array.from({ length: Math.min(AT_ONCE, count() - part) }, (_, place) => part + place);
        const found = await Promise.all(numbers.map((number) => loaded("subjects", number)));
        gallery.subjects = gallery.subjects.concat(...found);
        if (gallery.subjects.length >= 2 * drawn || gallery.parts.complete) {
          drawn = gallery.subjects.length;
          grown();
        }
      }
    },

    /** Loads the frames of all subjects, once. */
    allFrames() {
      frames ??= Promise.all(Array.from({ length: count() }, (_, part) => gallery.parts.framesOfPart(part)))
        .then((found) => { gallery.frames = found.flat(); });
      return frames;
    },

    framesOfPart(part) {
      ofParts[part] ??= loaded("frames", part);
      return ofParts[part];
    },

    /** The frames of one subject. */
    async framesOf(number) {
      if (!gallery.subjects[number].frame_count) return [];
      const found = await gallery.parts.framesOfPart(Math.floor(number / gallery.data.index.part));
      return found.filter((frame) => frame.subject === number);
    },
  };
})();
