// Making a pack: what is chosen, or all that is listed, as a recipe to save or copy, with the command that builds it.
"use strict";

(() => {
  const { h, icon } = gallery;
  const chosen = new Set();

  const quoted = (text) => JSON.stringify(text); // also how TOML writes a text

  /** The recipe of a press pack with these subjects. */
  const recipe = (numbers) => {
    const { subjects } = gallery;
    const title = gallery.t("packTitle", gallery.plain(gallery.data.index.title) ?? "marsmedia");
    const lines = numbers.map((number) => `  ${quoted(subjects[number].digest.slice(0, 16))}, # ${subjects[number].name.replace(/[\x00-\x1f\x7f]/g, " ")}`);
    return `title = ${quoted(title)}\naudience = "press"\nselection = [\n${lines.join("\n")}\n]\n`;
  };

  const meant = () => (chosen.size ? [...chosen].sort((a, b) => a - b) : gallery.found.subjects);

  const ask = () => {
    const dialog = document.getElementById("packing");
    const text = recipe(meant());
    const copy = h("button.quiet", { type: "button" }, icon("copy"), h("span", { role: "status" }, gallery.t("packCopy")));
    copy.addEventListener("click", async () => {
      await gallery.copy(text);
      copy.querySelector("span").textContent = gallery.t("copied");
    });
    const save = h("a.download", { href: URL.createObjectURL(new Blob([text], { type: "application/toml" })), download: "selection.toml" },
      icon("download"), gallery.t("packSave"));
    dialog.setAttribute("aria-label", gallery.t("pack"));
    dialog.replaceChildren(h("h2", {}, gallery.t("pack")), h("p", {}, gallery.t("packHow")),
      h("pre", { tabIndex: 0 }, text), h("pre", { tabIndex: 0 }, "marsmedia pack selection.toml -o pack.zip"),
      h("div.buttons", {}, save, copy, h("button.quiet", { type: "button", on: { click: () => dialog.close() } }, gallery.t("close"))));
    dialog.addEventListener("close", () => URL.revokeObjectURL(save.href), { once: true });
    dialog.showModal();
  };

  const name = () => (chosen.size ? gallery.t("packSome", chosen.size) : gallery.t("pack"));

  gallery.packing = {
    recipe,

    /** A pack is no store: whoever reads one cannot make another of it. */
    isOffered: () => !gallery.data.index.introduction,

    /** The button beside the list: of what is chosen, else of all that is listed. */
    button: () => h("button.quiet", { type: "button", id: "make-pack", on: { click: ask } }, icon("pack"), h("span", {}, name())),

    /** The box that chooses one card. */
    choice(number) {
      const subject = gallery.subjects[number];
      const box = h("input", { type: "checkbox", checked: chosen.has(number), "aria-label": gallery.t("choose", gallery.plain(subject.title) ?? subject.name) });
      box.addEventListener("change", () => {
        if (box.checked) chosen.add(number);
        else chosen.delete(number);
        document.querySelector("#make-pack span").textContent = name();
      });
      return h("label.pick", {}, box);
    },
  };
})();
