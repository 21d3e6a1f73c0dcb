"""Previews, quality, hash and metadata of photos, against ExifTool and ImageMagick; a 500-megapixel panorama tiled.

Run it with `python -m benchmarks.photos [COUNT]`; the default is 500 photos of 2 to 12 megapixels.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from flows.run.run import Options, in_threads, run_ingest
from processors.contract import OpenSource, Source
from processors.engine.wanted_results import Recipes
from processors.metadata import Metadata
from processors.photo.photo_preview import PhotoPreview
from processors.photo.quality import Quality
from processors.photo.tiles import Tiles
from processors.sources.source_file import SourceFile

SIDES_PX = (320, 1024, 2048)
SIZES = ((1600, 1250), (2048, 1536), (2592, 1944), (3264, 2448), (4000, 3000))
"""2 to 12 megapixels."""


def main(count: int = 500) -> None:
    """Print seconds and the ratio, then the memory of the panorama."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        raw = folder / "raw" / "photos"
        raw.mkdir(parents=True)
        write_photos(raw, count)
        ours = measure_ours(raw.parent, folder / "store")
        theirs = measure_theirs(raw, folder / "other")
        print(f"{count} photos: marsmedia {ours:.1f} s, ExifTool + convert {theirs:.1f} s, ratio {theirs / ours:.2f}")
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, "-c", f"from benchmarks.photos import panorama; panorama({place!r})"]
        subprocess.run(command, check=True)


def write_photos(folder: Path, count: int) -> None:
    """JPEGs with the grain and shapes of ground, each one different."""
    rng = np.random.default_rng(8)
    for number in range(count):
        width, height = SIZES[number % len(SIZES)]
        coarse = rng.integers(40, 215, (24, 32, 3), np.uint8)
        picture = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)).astype(np.int16)
        grain = rng.integers(-12, 13, (height // 2, width // 2, 1), np.int16).repeat(2, 0).repeat(2, 1)
        exif = Image.Exif()
        exif[0x010F], exif[0x0132] = "Bench", "2021:06:16 10:00:00"
        shown = Image.fromarray(np.clip(picture[: grain.shape[0], : grain.shape[1]] + grain, 0, 255).astype(np.uint8))
        shown.save(folder / f"photo_{number:04}.jpg", quality=88, exif=exif)


def measure_ours(raw: Path, store: Path) -> float:
    """Seconds of a whole run, hashing, store and catalogue included; Prefect's start is not."""
    recipes: Recipes = {"video": (), "audio": (), "photo": (Metadata(), PhotoPreview(formats=("jpeg",)), Quality())}
    started = time.monotonic()
    report = run_ingest(raw, store, recipes, Options(), in_threads, name="benchmark")
    assert report.results.failed == 0, report.message
    return time.monotonic() - started


def measure_theirs(raw: Path, out: Path) -> float:
    """Seconds of one ExifTool call for all, then ImageMagick in three sizes, one after the other."""
    exiftool, convert = shutil.which("exiftool"), shutil.which("convert")
    if not exiftool or not convert:
        sys.exit("install exiftool (libimage-exiftool-perl) and imagemagick to compare with")
    out.mkdir()
    started = time.monotonic()
    (out / "metadata.json").write_bytes(subprocess.run([exiftool, "-j", "-r", raw], capture_output=True).stdout)
    for photo in sorted(raw.iterdir()):
        for side in SIDES_PX:
            size = f"{side}x{side}>"
            target = out / f"{photo.stem}_{side}.jpg"
            subprocess.run([convert, photo, "-auto-orient", "-resize", size, "-quality", "88", target], check=True)
    return time.monotonic() - started


def panorama(place: str) -> None:
    """Tile 500 megapixels in this process; print seconds and the largest memory it took."""
    folder = Path(place)
    path = folder / "panorama.tif"
    import pyvips

    noise = pyvips.Image.gaussnoise(2000, 1000, sigma=20, mean=120).cast("uchar")
    band = noise.replicate(16, 16).crop(0, 0, 31250, 16000)
    wide = pyvips.Image.bandjoin(band, [band, band])  # type: ignore[arg-type]
    wide.copy(interpretation="srgb").tiffsave(str(path), compression="deflate", tile=False)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    source = Source(digest="0" * 64, size_bytes=1, name=path.name, medium="photo", format="tiff", has_sound=False)
    started = time.monotonic()
    (item,) = Tiles().items(OpenSource(source=source, file=SourceFile.at(path)), folder)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    megapixels = (item.facts.width_px or 0) * (item.facts.height_px or 0) / 1e6
    seconds = time.monotonic() - started
    print(
        f"{megapixels:.0f} megapixels in {item.facts.tile_count} tiles: {seconds:.1f} s, {most / 1e3:.0f} MB at most "
        f"({before / 1e3:.0f} MB before)"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
