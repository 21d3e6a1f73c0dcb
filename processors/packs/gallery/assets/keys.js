// The keyboard, and the help that lists it.
"use strict";

(() => {
  const { h } = gallery;

  const help = () => {
    const dialog = document.getElementById("help");
    const rows = gallery.t("keys").map(([keys, what]) => [h("dt", {}, keys.split(" ").map((key) => h("kbd", {}, key))), h("dd", {}, what)]);
    dialog.setAttribute("aria-label", gallery.t("help"));
    dialog.replaceChildren(h("h2", {}, gallery.t("help")), h("dl", {}, rows.flat()),
      h("button.quiet", { type: "button", on: { click: () => dialog.close() } }, gallery.t("close")));
    if (!dialog.open) dialog.showModal();
  };
  gallery.help = help;

  const ownKeys = (target, key) => target.matches("input:not([type=checkbox]), textarea, select, video, audio, summary")
    || (target.matches("input, button:not([aria-selected=true]), a") && (key === " " || key === "Enter")) || Boolean(target.closest(".openseadragon-canvas") && key.startsWith("Arrow"));

  const alongTabs = (event) => {
    const tabs = [...event.target.parentElement.querySelectorAll("[role=tab]")];
    const next = tabs[tabs.indexOf(event.target) + { ArrowLeft: -1, ArrowRight: 1 }[event.key]];
    next?.focus();
    next?.click();
  };

  const inViewer = (event) => {
    if (event.target.matches("[role=tab]") && ["ArrowLeft", "ArrowRight"].includes(event.key)) {
      alongTabs(event);
      return true;
    }
    if (event.key === "n" || event.key === "p") {
      gallery.viewer.turn(event.key === "n" ? 1 : -1);
      return true;
    }
    if (event.key === "c") {
      document.querySelector("#viewer .copy")?.click();
      return true;
    }
    return gallery.viewer.key(event.key);
  };

  const inList = (event) => {
    if (event.key === "/") {
      document.getElementById("asked").focus();
      return true;
    }
    const onCard = event.target.matches("#list .card, #list, body");
    return onCard && ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].includes(event.key)
      && (event.target.matches(".card") || !event.key.match(/Up|Down/)) && gallery.walk(event.key);
  };

  const anywhere = (event) => {
    if (event.key === "?") help();
    else if (event.key === "l" && gallery.data.index.languages.length > 1) gallery.switchLanguage();
    else return false;
    return true;
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && event.target.id === "asked") {
      event.target.blur();
      document.getElementById("list").focus();
      return;
    }
    if (document.getElementById("help").open || ownKeys(event.target, event.key)) return;
    const viewer = document.getElementById("viewer").open;
    if (anywhere(event) || (viewer ? inViewer(event) : inList(event))) event.preventDefault();
  });

  document.getElementById("viewer").addEventListener("cancel", (event) => {
    event.preventDefault(); // the address is changed, and the viewer follows it
    gallery.viewer.close();
  });
})();
