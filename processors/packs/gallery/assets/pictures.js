// Pictures with deep zoom: OpenSeadragon over tiles or one file, read only when a picture is opened.
"use strict";

gallery.stages = {};

(() => {
  const { h, icon } = gallery;
  const DRAWN = ["image/jpeg", "image/png", "image/webp", "image/avif", "image/gif", "image/bmp"];
  const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  /** Every picture that is no frame, once even if it lies there in several formats; the best to begin with is first, the largest of its kind. */
  const pictures = (subject, detail, frames) => {
    const ofFrames = new Set(frames.flatMap((frame) => [frame.file, ...frame.others]));
    const seen = new Set();
    const found = [];
    detail.files.forEach((file, number) => {
      const stem = `${file.result} ${file.name.replace(/\.\w+$/, "")}`;
      if (ofFrames.has(number) || !DRAWN.includes(file.media_type) || !gallery.local(file.href) || seen.has(stem)) return;
      seen.add(stem);
      found.push({ file, number, processor: file.result === null ? "" : detail.results[file.result].processor, width: file.width_px ?? 0 });
    });
    const { places, otherwise, for_dark: forDark } = gallery.data.index.viewer;
    const rank = (one) => (one.processor === "" ? Infinity : detail.is_dark && forDark.includes(one.processor) ? -1 : places[one.processor] ?? otherwise);
    found.sort((a, b) => b.file.counts - a.file.counts || (rank(a) === rank(b) ? 0 : rank(a) - rank(b)) || b.width - a.width || a.number - b.number);
    const tiled = detail.tiles_file;
    if (detail.tiles) found.splice(detail.is_dark && found.length ? 1 : 0, 0, { file: detail.files[tiled], number: tiled, processor: detail.results[detail.files[tiled].result].processor, width: detail.tiles.width, tiles: detail.tiles });
    return found;
  };
  gallery.pictures = pictures;

  /** Size and format of a file: "1920 px, JPG". */
  gallery.kind = (file) => [file.width_px && `${file.width_px} px`, file.name.split(".").pop().toUpperCase()].filter(Boolean).join(", ");

  const label = (one) => {
    if (one.tiles) return `${gallery.t("tiled")} (${one.tiles.width} × ${one.tiles.height} px)`;
    const name = one.processor === "" ? gallery.t("original") : gallery.label(one.processor);
    return [name, gallery.kind(one.file), one.file.counts ? null : gallery.t("notOfToday")].filter(Boolean).join(", ");
  };

  gallery.stages.pictures = ({ subject, detail, found, at, show, go }) => {
    let viewer = null;
    let stopped = false;
    const chosen = found.find((one) => one.file.name === at) ?? found[0];
    const title = gallery.plain(subject.title) ?? subject.name;
    const plain = h("img.plain", { alt: title, src: chosen.tiles ? "" : gallery.local(chosen.file.href), decoding: "async" });
    const plate = h("div.zoom", {}, chosen.tiles ? null : plain);
    const percent = h("output", { "aria-live": "off" });

    const zoom = (factor) => {
      if (!viewer) return;
      if (factor) viewer.viewport.zoomBy(factor);
      else viewer.viewport.goHome();
      viewer.viewport.applyConstraints();
    };
    const button = (name, factor) => h("button.round", { type: "button", title: gallery.t(name), "aria-label": gallery.t(name), "data-zoom": name, on: { click: () => zoom(factor) } },
      icon({ zoomIn: "plus", zoomOut: "minus", whole: "whole" }[name]));

    const begin = async () => {
      if (!window.OpenSeadragon) await gallery.script("assets/openseadragon/openseadragon.min.js");
      if (stopped) return;
      viewer = window.OpenSeadragon({
        element: plate, drawer: "canvas", showNavigationControl: false, crossOriginPolicy: false, loadTilesWithAjax: false,
        showNavigator: Boolean(chosen.tiles), navigatorPosition: "BOTTOM_LEFT", animationTime: still() ? 0 : 0.5, visibilityRatio: 0.6, maxZoomPixelRatio: 6,
        gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true },
        tileSources: chosen.tiles ?? { type: "image", url: gallery.local(chosen.file.href), buildPyramid: false },
      });
      viewer.addHandler("open", () => plain.remove());
      viewer.addHandler("zoom", () => {
        const image = viewer.world.getItemAt(0);
        if (image) percent.textContent = `${Math.round(image.viewportToImageZoom(viewer.viewport.getZoom(true)) * 100)} %`;
      });
      viewer.addHandler("animation", () => viewer.raiseEvent("zoom", {}));
      viewer.addHandler("open-failed", ({ message }) => plate.append(h("p.failed", { role: "alert" }, gallery.t("unloaded", message))));
      viewer.canvas.setAttribute("role", "img");
      viewer.canvas.setAttribute("aria-label", gallery.t("zoomable", title));
      gallery.zoomed = viewer;
    };
    begin().catch((error) => plate.append(h("p.failed", { role: "alert" }, gallery.t("unloaded", error.message))));

    const choose = h("select", { on: { change: () => go({ at: found[choose.selectedIndex].file.name }) } },
      found.map((one) => h("option", { selected: one === chosen }, label(one))));
    show(chosen.file);
    return {
      element: h("div.stage.pictures", {}, plate, h("div.controls", {},
        found.length > 1 ? h("label.which", {}, h("span", {}, gallery.t("which")), choose) : h("span.which", {}, label(chosen)),
        h("span.buttons", {}, percent, button("zoomOut", 1 / 1.5), button("zoomIn", 1.5), button("whole", 0)))),
      key(key) {
        if (key === "+" || key === "=") zoom(1.5);
        else if (key === "-") zoom(1 / 1.5);
        else if (key === "0") zoom(0);
        else if (key === "ArrowLeft" || key === "ArrowRight") {
          const next = found[found.indexOf(chosen) + (key === "ArrowRight" ? 1 : -1)];
          if (next) go({ at: next.file.name });
        } else return false;
        return true;
      },
      stop() {
        stopped = true;
        viewer?.destroy();
        gallery.zoomed = null;
      },
    };
  };
})();
