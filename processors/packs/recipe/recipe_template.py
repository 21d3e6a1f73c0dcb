"""Template of a pack recipe that explains every key."""

from __future__ import annotations

import json

from processors.languages.language import LANGUAGES, translated_keys
from processors.packs.recipe.audience import AUDIENCES, FOR_READERS


def _translated(key: str) -> str:
    return "".join(f'# {name} = "..."\n' for name in translated_keys(key))


TITLE = "A title"
"""Title of the template, to be replaced."""
TEMPLATE = f"""\
# A pack recipe: build it with `marsmedia pack THIS.toml -o FOLDER` or `-o FILE.zip`.
# A pack's title, audience and selection are required; all else may be left out.
title = "{TITLE}"
{_translated("title")}# text = "A sentence or two about the pack."
{_translated("text")}audience = "press"                     # {", ".join(AUDIENCES)}: decides what follows, where
                                       # nothing is written; public refuses what may not be passed on
selection = ["medium=photo"]           # the words of `marsmedia items`: names, sol=1..20, event=..., camera=...
                                       # ["*"] is everything in the store, ["redistribute=true"] what may be passed on
# take = {json.dumps(FOR_READERS)}
                                       # this is what press and public take; there are also originals, frames,
                                       # clips (previews of ten seconds), sound, subtitles, metadata,
                                       # measurements, other, or processor/pattern: "photo.enhanced/*"
# layout = "kind"                      # photos/ videos/ sound/ documents/, or "source": by source and processor
# credits_in_files = true              # caption, credit and rights in copies of the files; false: the stored bytes
languages = {json.dumps(LANGUAGES)}
# publisher = "..."                    # who makes this pack
# date = 2026-01-31                    # when it is packed; else SOURCE_DATE_EPOCH
# web_address = "https://..."          # where its folder `data` will be published, for IIIF viewers

# [pictures]                           # pictures but spectrograms in these sizes instead of as stored; none is enlarged
# longest_side_px = [1024, 2048]
# format = "jpeg"                      # jpeg, webp, png
# quality = 88
# aspect = "1:1"                       # photos, stills and frames in this shape, for social media: "4:5", "1200:630"
# fit = "pad"                          # pad: the whole picture between bars; crop: its middle

# [highlight]                          # a clip in the order of the selection, with titles, credits and sound
# seconds_each = 3.0                   # of a video the part around its still: still_seconds in release.toml
# longest_side_px = 1280
# sound = "station.wav"                # a recording from the first picture on; without it, or after it, shots as they
                                       # sound, photos with a recording of the same mission and event, else sol
# font = "NotoSansSC.otf"              # for letters that it has; others are of WenQuanYi Micro Hei

# [signature]                          # C2PA, of what was derived here; PEM files next to this file
# certificate = "chain.pem"
# key = "key.pem"

# [bag_info]                           # what archives ask for in bag-info.txt
# contact_name = "..."
# contact_email = "..."
# contact_phone = "..."
# organization_address = "..."
# bag_group_identifier = "..."         # the series that this bag belongs to
# bag_count = "2 of 5"
# internal_sender_identifier = "..."
# internal_sender_description = "..."

# [[override]]                         # in writing: why a source may be passed on although its rights do not say so
# source = "descent.mp4"               # a name, a pattern or the first characters of a digest
# who = "Name, role"
# why = "Permission of ..., dated ..."
"""
