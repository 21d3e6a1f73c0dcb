// Begins: draws the page from its data and the address, and again whenever the address changes or more is loaded.
"use strict";

(() => {
  const { h, icon } = gallery;
  let drawn = "";
  let waiting = 0;

  const nextLanguage = () => {
    const { languages } = gallery.data.index;
    return languages[(languages.indexOf(gallery.language) + 1) % languages.length];
  };

  const fixed = () => {
    const title = gallery.plain(gallery.data.index.title) ?? "marsmedia";
    document.title = title;
    document.getElementById("title").textContent = title;
    document.getElementById("skip").textContent = gallery.t("skip");
    const asked = document.getElementById("asked");
    asked.placeholder = gallery.t("search");
    asked.title = gallery.t("searched");
    asked.setAttribute("aria-label", gallery.t("search"));
    asked.setAttribute("aria-description", gallery.t("searched"));
    const next = gallery.words()[nextLanguage()];
    const other = gallery.data.index.languages.length > 1
      && h("button.quiet", { type: "button", id: "language", "aria-label": next.switch, on: { click: () => gallery.switchLanguage() } }, next.name);
    gallery.introduction();
    document.getElementById("tools").replaceChildren(...[other, h("button.quiet", { type: "button", id: "keys", title: gallery.t("help"), "aria-label": gallery.t("help"), on: { click: gallery.help } }, "?")].filter(Boolean));
  };

  const draw = () => {
    const state = gallery.state.read();
    const asked = JSON.stringify({ ...state, open: "", tab: "", at: "", language: gallery.language });
    if (asked !== drawn) {
      drawn = asked;
      gallery.timeline(state);
      gallery.facets(state);
      gallery.list(state);
    }
    gallery.viewer.follow(state);
  };

  /** Draws again what has become more. */
  gallery.redraw = () => {
    const state = gallery.state.read();
    gallery.timeline(state);
    gallery.facets(state);
    gallery.list(state, true);
    gallery.viewer.follow(state);
  };

  gallery.failed = (error) => { document.getElementById("count").textContent = gallery.t("unloaded", error.message); };

  gallery.switchLanguage = () => {
    gallery.chooseLanguage(nextLanguage());
    fixed();
    draw();
  };

  const asked = document.getElementById("asked");
  asked.value = gallery.state.read().q;
  asked.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => gallery.state.go({ q: asked.value.trim() }, true), 120);
  });
  document.getElementById("skip").addEventListener("click", (event) => {
    event.preventDefault(); // the address after # is the state
    document.getElementById("list").focus();
  });
  document.getElementById("filters").open = matchMedia("(min-width: 800px)").matches;
  document.querySelector(".asked").prepend(icon("search"));
  window.addEventListener("hashchange", draw);
  gallery.parts.begin();
  gallery.chooseLanguage();
  fixed();
  draw();
  requestAnimationFrame(() => setTimeout(() => {
    performance.mark("interactive");
    gallery.parts.rest(gallery.redraw).catch(gallery.failed);
  }));
})();
