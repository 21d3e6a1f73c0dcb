"""Small pictures for the list, written once for each stored picture and kept from one `browse` to the next."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from processors.packs.entry import Entry

LONGEST_SIDE_PX = 480
"""A card is 240 CSS pixels wide; screens of two device pixels each show this in full."""
READ = ("image/jpeg", "image/png", "image/webp", "image/avif")
Box = tuple[float, float, float, float]
"""Left, upper, right and lower edge, pixels."""
MOST_PIXELS = 100_000_000
"""A larger original is too slow to shrink for a list; its preview stands for it."""


class Thumbnails:
    """Thumbnails below one page's folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "thumbnails"

    def of_entry(self, entry: Entry) -> str | None:
        """Of a picture among a result's items; a spectrogram without its axes."""
        facts: Any = entry.facts if isinstance(entry.facts, dict) else {}
        box = None
        if "plot_left_px" in facts:
            box = (facts["plot_left_px"], facts["plot_top_px"], facts["plot_right_px"], facts["plot_bottom_px"])
        return self.of_file(entry.path, entry.sha256, entry.media_type, box)

    def of_file(self, path: Path, digest: str, media_type: str, box: Box | None = None) -> str | None:
        """The relative address of a small picture of it; None for what is no picture that Pillow opens."""
        if media_type not in READ:
            return None
        target = self._folder / digest[:2] / f"{digest[:24]}.jpg"
        if not target.exists():
            from PIL import Image, ImageOps

            try:
                with Image.open(path, formats=("JPEG", "PNG", "WEBP", "AVIF")) as image:
                    if image.width * image.height > MOST_PIXELS:
                        return None
                    image.draft("RGB", (LONGEST_SIDE_PX, LONGEST_SIDE_PX))
                    cut = (
                        image.crop((round(box[0]), round(box[1]), round(box[2]), round(box[3])))
                        if box
                        else ImageOps.exif_transpose(image)
                    )
                    small = _eight_bit(cut)
                    small.thumbnail((LONGEST_SIDE_PX, LONGEST_SIDE_PX), reducing_gap=2.0)
            except OSError as error:
                if error.errno is not None:
                    raise
                return None  # the page tells of it: the picture's own address stays
            target.parent.mkdir(parents=True, exist_ok=True)
            small.save(target, "JPEG", quality=80)
        return f"{self._folder.name}/{target.parent.name}/{target.name}"


def _eight_bit(image: Any) -> Any:
    """RGB; 16-bit grey is brought to 8 bit first, which Pillow's own conversion clips."""
    if image.mode.startswith("I"):
        return image.convert("I").point(lambda value: value / 257).convert("L").convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "P"):
        from PIL import Image

        flat = Image.new("RGB", image.size, "white")
        with_alpha = image.convert("RGBA")
        flat.paste(with_alpha, mask=with_alpha.getchannel("A"))
        return flat
    return image.convert("RGB")
