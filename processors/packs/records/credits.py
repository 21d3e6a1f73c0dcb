"""`CREDITS.txt`: whom to name, what may be done, who decided otherwise; one paragraph a source, for people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from processors.packs.contents.packed_file import PackedFile, PackIdentity
from processors.packs.contents.rights import credit, notice, override_of, rights
from processors.packs.contents.subject import SourceRecord, Text
from processors.packs.contents.voices import Voice
from processors.packs.recipe.pack_recipe import Recipe
from processors.sources.scan import printable

FILE = "CREDITS.txt"


def credits_text(packed: Sequence[PackedFile], recipe: Recipe, identity: PackIdentity) -> Iterator[bytes]:
    """The file, in pieces."""
    yield _lines([*_both(recipe.title, recipe), f"{identity.urn}, {identity.day}, audience: {recipe.audience}", ""])
    groups: dict[str, list[PackedFile]] = {}
    for one in packed:
        groups.setdefault(one.subject.digest, []).append(one)
    for files in groups.values():
        subject = files[0].subject
        lines = [subject.name, *(f"  {line}" for line in _both(subject.title, recipe))]
        lines += [f"  {line}" for line in _both(subject.caption, recipe)]
        lines += [f"  Credit / 来源: {credit(subject)}", f"  Rights / 权利: {rights(subject)}"]
        if subject.synthetic:
            lines.append("  Synthetic: not recorded by a camera or microphone. / 合成数据，并非实拍。")
        lines += _other_voices(subject)
        one = override_of(subject, recipe.overrides)
        if one is None:
            lines += [f"  {line}" for line in _both(notice(subject, recipe), recipe)]
        else:
            lines.append(f"  Override in writing / 书面例外: {one.who}: {one.why}")
        if subject.published_at:
            lines.append(f"  Released at / 发布于: {subject.published_at}")
        lines += [
            f"  SHA-256: {subject.digest}",
            f"  Files / 文件: {len(files)}, {files[0].folder.rpartition('/')[0]}/",
            "",
        ]
        yield _lines(lines)


def _other_voices(subject: SourceRecord) -> Iterator[str]:
    """What other places of the same bytes say of credit and rights, and which of them binds."""
    if subject.bound_by:
        yield f"  Rights as said by / 权利依据: {subject.bound_by.place}: {subject.bound_by.why_not}"
    own = subject.voices[0] if subject.voices else None
    for voice in subject.voices[0 if subject.bound_by else 1 :]:
        if own and voice.speaks and (voice is own or _says(voice) != _says(own)):
            yield f"  Also said / 另有声明: {voice.place}: {_says(voice)}"


def _says(voice: Voice) -> str:
    if voice.unread:
        return voice.why_not
    may = {True: "true", False: "false", None: "not said"}[voice.redistribute]
    return f"Credit: {voice.credit or 'unknown'}; Rights: {voice.rights or 'unknown'}; redistribute: {may}"


def _both(text: Text, recipe: Recipe) -> list[str]:
    texts = {"en": text.en, "zh": text.zh}
    found = [texts[language] for language in recipe.languages if texts[language]]
    return [" ".join(one.split()) for one in found if one]


def _lines(lines: Iterable[str]) -> bytes:
    """Each as one line for people: any white space is a blank, control characters become escapes."""
    return "".join(printable(re.sub(r"\s", " ", line)) + "\n" for line in lines).encode()
