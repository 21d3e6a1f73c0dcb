"""Page that opens a picture pyramid: one file, no network, works from a disk."""

from __future__ import annotations

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Spectrogram</title>
<style>body{margin:0;background:#222;color:#eee;font:14px sans-serif}canvas{display:block;width:100vw;cursor:grab}
p{margin:6px 10px}</style>
<canvas id="view"></canvas><p id="words"></p>
<script>
const pyramid = PYRAMID;
const view = document.getElementById("view"), words = document.getElementById("words"), paint = view.getContext("2d");
const tiles = new Map(), whole = pyramid.end_seconds - pyramid.start_seconds;
let left = pyramid.start_seconds, shown = whole;
function tile(level, number) {
  const path = level + "/" + number + ".webp";
  if (!tiles.has(path)) {
    const image = new Image();
    image.onload = draw;
    image.src = path;
    tiles.set(path, image);
  }
  return tiles.get(path);
}
function draw() {
  view.width = view.clientWidth;
  view.height = pyramid.rows;
  const perPixel = shown / view.width;
  let level = 0;
  while (level + 1 < pyramid.levels.length && pyramid.levels[level + 1].seconds_per_column <= perPixel) level++;
  const span = pyramid.levels[level].seconds_per_column * pyramid.tile_columns;
  const first = Math.max(0, Math.floor((left - pyramid.start_seconds) / span));
  for (let n = first; n < pyramid.levels[level].tiles && pyramid.start_seconds + n * span < left + shown; n++) {
    const image = tile(level, n);
    if (!image.complete || !image.width) continue;
    const x = (pyramid.start_seconds + n * span - left) / perPixel;
    paint.drawImage(image, x, 0, image.width * pyramid.levels[level].seconds_per_column / perPixel, pyramid.rows);
  }
}
function clock(s) {
  const two = n => String(Math.floor(n)).padStart(2, "0");
  return two(s / 3600) + ":" + two(s / 60 % 60) + ":" + (s % 60).toFixed(3).padStart(6, "0");
}
function clamp() {
  shown = Math.min(whole, Math.max(pyramid.levels[0].seconds_per_column * 50, shown));
  left = Math.min(pyramid.end_seconds - shown, Math.max(pyramid.start_seconds, left));
  draw();
}
view.onwheel = e => {
  e.preventDefault();
  const place = e.offsetX / view.width, at = left + place * shown;
  shown *= Math.pow(1.002, e.deltaY);
  shown = Math.min(whole, Math.max(pyramid.levels[0].seconds_per_column * 50, shown));
  left = at - place * shown;
  clamp();
};
view.onmousemove = e => {
  if (e.buttons & 1) { left -= e.movementX * shown / view.width; clamp(); }
  const hz = pyramid.highest_hz * (1 - e.offsetY / pyramid.rows);
  words.textContent = clock(left + e.offsetX / view.width * shown) + "   " + hz.toFixed(0)
    + " Hz   (wheel: zoom, drag: move; " + pyramid.bottom_db + " to " + pyramid.top_db + " dB, " + pyramid.unit + ")";
};
window.onresize = draw;
draw();
</script></html>
"""
