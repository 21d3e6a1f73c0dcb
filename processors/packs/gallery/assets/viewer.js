// The viewer: one subject in full, with a stage for its pictures, frames or sound, and the panel beside it.
"use strict";

(() => {
  const { h, icon } = gallery;
  let stage = null;
  let opened = { digest: null, language: null, tab: null, at: null };
  let left = null;

  const tabsOf = (subject, detail, frames) => {
    const pictures = gallery.pictures(subject, detail, frames);
    const playable = gallery.playable(subject, detail, frames);
    const tabs = [];
    if (playable.length && subject.medium !== "photo") tabs.push({ name: "play", found: playable });
    if (frames.length) tabs.push({ name: "frames", found: frames });
    if (pictures.length) tabs.push({ name: "pictures", found: pictures });
    return tabs;
  };

  const tabList = (tabs, current, go) => h("div.tabs", { role: "tablist" }, tabs.map((tab) => h("button", {
    type: "button", role: "tab", id: `tab-${tab.name}`, "aria-selected": String(tab === current), "aria-controls": "stage", tabIndex: tab === current ? 0 : -1,
    on: { click: () => go({ tab: tab.name, at: "" }) },
  }, gallery.t(tab.name), tab.name === "play" ? "" : h("span.number", {}, String(tab.found.length)))));

  const neighbour = (number, by) => {
    const place = gallery.found.subjects.indexOf(number);
    return place < 0 ? undefined : gallery.found.subjects[place + by];
  };

  const turn = (number, by) => {
    const next = neighbour(number, by);
    if (next !== undefined) gallery.state.go({ open: gallery.subjects[next].digest.slice(0, 12), tab: "", at: "" }, true);
  };

  const head = (number, subject) => {
    const place = gallery.found.subjects.indexOf(number);
    const arrow = (name, by) => h("button.round", { type: "button", title: gallery.t(name), "aria-label": gallery.t(name), disabled: neighbour(number, by) === undefined, on: { click: () => turn(number, by) } },
      icon(name));
    return h("header", {}, h("div.heading", {}, gallery.said("h2", subject.title, subject.name), h("p.soft", {}, [gallery.plain(subject.title) && subject.name, gallery.sols(subject), gallery.plain(subject.event_title)].filter(Boolean).join(" · "))),
      h("div.buttons", {}, place >= 0 && h("span.number", {}, gallery.t("position2", place + 1, gallery.found.subjects.length)), arrow("previous", -1), arrow("next", 1),
        h("button.round", { type: "button", title: gallery.t("close"), "aria-label": gallery.t("close"), "data-close": "", on: { click: () => close() } }, icon("close"))));
  };

  const show = async (number, state) => {
    const subject = gallery.subjects[number];
    const dialog = document.getElementById("viewer");
    const [detail, frames] = await Promise.all([gallery.details(number), gallery.parts.framesOf(number)]);
    if (gallery.state.read().open !== state.open) return; // another was opened meanwhile
    stage?.stop();
    const tabs = tabsOf(subject, detail, frames);
    const tab = tabs.find((one) => one.name === state.tab) ?? tabs[0];
    const go = (changes, keep = true) => {
      opened = { ...opened, ...(keep === "told" ? changes : {}) };
      gallery.state.go(changes, true);
    };
    const side = gallery.side(subject, detail);
    const play = tabs.some((one) => one.name === "play") ? (time) => go({ tab: "play", at: String(time) }) : null;
    stage = tab ? gallery.stages[tab.name]({
      subject, detail, frames, found: tab.found, at: state.at, show: side.show, play,
      go: (changes, shown = false) => go(changes, shown ? "told" : true),
    }) : null;
    if (!tab) side.show(detail.files[0]);
    const wasOpen = dialog.open && opened.digest === subject.digest;
    const focus = wasOpen && document.activeElement?.matches("[role=tab]") ? `tab-${tab?.name}` : null;
    const position = wasOpen ? dialog.querySelector(".side")?.scrollTop ?? 0 : 0;
    dialog.setAttribute("aria-label", gallery.plain(subject.title) ?? subject.name);
    dialog.replaceChildren(head(number, subject), h("div.inner", {}, gallery.badges(subject).length > 0 && h("p.badges.first", {}, gallery.badges(subject)), h("div.left", {}, tabs.length > 1 && tabList(tabs, tab, go),
      h("div.panel", { id: "stage", tabIndex: 0, ...(tabs.length > 1 ? { role: "tabpanel", "aria-labelledby": `tab-${tab.name}` } : { role: "group", "aria-label": gallery.t("media") }) },
        stage ? stage.element : h("p.soft.nothing", {}, gallery.t("nothing")))), side.panel));
    opened = { digest: subject.digest, language: gallery.language, tab: state.tab, at: state.at };
    if (!dialog.open) dialog.showModal();
    side.panel.scrollTop = position;
    stage?.entered?.();
    document.getElementById(focus ?? "stage").focus({ preventScroll: true });
  };

  const close = () => gallery.state.go({ open: "", tab: "", at: "" });

  const closed = () => {
    stage?.stop();
    stage = null;
    const dialog = document.getElementById("viewer");
    if (dialog.open) dialog.close();
    dialog.replaceChildren();
    const card = left !== null && document.querySelector(`#list .card[data-number="${left}"]`);
    if (card) card.focus();
    opened = { digest: null, language: null, tab: null, at: null };
  };

  gallery.viewer = {
    close,
    turn: (by) => left !== null && turn(left, by),
    key: (key) => stage?.key(key) ?? false,

    /** Brings the viewer to what the address says. */
    follow(state) {
      const number = state.open ? gallery.subjects.findIndex((subject) => subject.digest.startsWith(state.open)) : -1;
      if (number < 0) {
        if (opened.digest) closed();
        return;
      }
      left = number;
      const same = opened.digest === gallery.subjects[number].digest && opened.language === gallery.language;
      if (same && opened.tab === state.tab && opened.at === state.at) return;
      show(number, state).catch(gallery.failed);
    },
  };
})();
