"""`README.txt` at the top of a pack: what to open first, in the pack's languages."""

from __future__ import annotations

from processors.packs.contents.packed_file import PackIdentity
from processors.packs.recipe.pack_recipe import Recipe
from processors.packs.records.iiif import FILE, LOCAL_ADDRESS

_EN = """\
{title}
{urn}, {day}, audience: {audience}

data/index.html               the gallery: open it in a browser, no network needed (where the pack has one)
data/media/                   the files, by source and by what made them
data/CREDITS.txt              whom to name, and what may be done with each source
data/ro-crate-metadata.json   what was made of what, by which version (RO-Crate, Process Run)
data/iiif-manifest.json       for IIIF viewers: run `python3 -m http.server` here, open {address}
data/media/*/*/pds4-*.xml     PDS4 labels
manifest-*.txt                checksums (BagIt): `marsmedia pack verify`, or `sha256sum -c manifest-sha256.txt`
"""
_ZH = """\
{title}
{urn}，{day}，对象：{audience}

data/index.html               图库：用浏览器打开，无需网络（若本包含有图库）
data/media/                   文件，按来源与生成方式排列
data/CREDITS.txt              每个来源的署名与权利
data/ro-crate-metadata.json   每个文件由何而来、由哪个版本生成（RO-Crate）
data/iiif-manifest.json       供 IIIF 浏览器使用：在此运行 `python3 -m http.server`，打开 {address}
data/media/*/*/pds4-*.xml     PDS4 标签
manifest-*.txt                校验和（BagIt）：`marsmedia pack verify` 或 `sha256sum -c manifest-sha256.txt`
"""


def readme(recipe: Recipe, identity: PackIdentity) -> bytes:
    """The file, one language after the other."""
    titles = {"en": recipe.title.en or recipe.title.zh, "zh": recipe.title.zh or recipe.title.en}
    texts = {"en": _EN, "zh": _ZH}
    address = (recipe.web_address or LOCAL_ADDRESS) + FILE
    parts = [
        texts[language].format(
            title=titles[language], urn=identity.urn, day=identity.day, audience=recipe.audience, address=address
        )
        for language in recipe.languages
    ]
    return "\n".join(parts).encode()
