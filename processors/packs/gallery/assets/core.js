// The one global, `gallery`: data as it arrives, elements from plain text, and addresses that stay on the disk.
"use strict";

const gallery = {
  data: {},
  waiting: {},

  /** Called by the scripts in data/: a page from a disk may not read files in any other way. */
  take(name, value) {
    gallery.data[name] = value;
    gallery.waiting[name]?.forEach((ready) => ready(value));
    delete gallery.waiting[name];
  },

  /** Loads a script of the gallery's own; rejects where it is not there. */
  script(address) {
    return new Promise((loaded, failed) => {
      const element = document.createElement("script");
      element.src = address;
      element.onload = loaded;
      element.onerror = () => failed(new Error(address));
      document.head.append(element);
    });
  },

  /** Everything about one subject, by its place in the list. */
  async details(number) {
    const name = `details-${String(Math.floor(number / gallery.data.index.chunk)).padStart(4, "0")}`;
    if (!gallery.data[name]) await gallery.script(`data/${name}.js`);
    return gallery.data[name][gallery.subjects[number].digest];
  },

  /**
   * An element. `with_` holds properties, or attributes where the name has a dash or is `role`, and `on` listeners.
   * Text becomes text nodes, never HTML.
   */
  h(tag, with_ = {}, ...children) {
    const [name, ...classes] = tag.split(".");
    const element = document.createElement(name || "div");
    if (classes.length) element.className = classes.join(" ");
    for (const [key, value] of Object.entries(with_ ?? {})) {
      if (value === null || value === undefined) continue;
      if (key === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
      else if (key === "style") for (const [property, text] of Object.entries(value)) element.style.setProperty(property, text);
      else if (key.includes("-") || key === "role" || key === "for") element.setAttribute(key, value);
      else element[key] = value;
    }
    element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
    return element;
  },

  /** A picture from the page's own set of signs. */
  icon(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", gallery.SIGNS[name]);
    svg.append(path);
    return svg;
  },

  /** The address itself where it is a path beside the page, else null: nothing in the data can lead elsewhere. */
  local(address) {
    if (typeof address !== "string" || address.startsWith("/") || address.startsWith("\\")) return null;
    try {
      const whole = new URL(address, document.baseURI);
      const here = new URL(document.baseURI);
      return whole.protocol === here.protocol && whole.host === here.host ? address : null;
    } catch {
      return null;
    }
  },

  SIGNS: {
    video: "M4 5h16v14H4zM10 9v6l5-3z",
    audio: "M4 10v4M8 7v10M12 4v16M16 8v8M20 10v4",
    photo: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.01",
    file: "M6 3h9l4 4v14H6zM14 3v5h5",
    close: "M6 6l12 12M18 6L6 18",
    previous: "M15 5l-7 7 7 7",
    next: "M9 5l7 7-7 7",
    plus: "M12 5v14M5 12h14",
    minus: "M5 12h14",
    whole: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
    copy: "M9 9h11v11H9zM5 15H4V4h11v1",
    play: "M7 4l13 8-13 8z",
    download: "M12 4v11M7 10l5 5 5-5M5 20h14",
    link: "M9 15l6-6M10 6l2-2a4 4 0 016 6l-2 2M14 18l-2 2a4 4 0 01-6-6l2-2",
    pack: "M4 8l8-4 8 4v8l-8 4-8-4zM4 8l8 4 8-4M12 12v8",
    search: "M11 4a7 7 0 100 14 7 7 0 000-14zM16 16l5 5",
  },
};
