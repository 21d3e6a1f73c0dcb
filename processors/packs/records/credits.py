"""`CREDITS.txt`: credits, rights and overrides of each source in one paragraph, for people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from processors.languages.language import in_all_languages, phrase
from processors.languages.text import Text
from processors.packs.contents.joint_statements import by_statement, with_names
from processors.packs.contents.layout import TECHNICAL
from processors.packs.contents.overlays import burnt_in
from processors.packs.contents.packed_file import PackedFile, PackIdentity
from processors.packs.contents.rights import credit, is_cleared, notice, override_of, rights, terms
from processors.packs.contents.rights_by_path import PathRights
from processors.packs.contents.subject import SourceRecord
from processors.packs.highlight.clip_credits import each_once, notices, overlay_notes, strictest_first
from processors.packs.highlight.highlight import HighlightClip
from processors.packs.recipe.pack_recipe import PackRecipe
from processors.packs.records.captions import camera_in_words
from processors.packs.records.unused_streams_in_words import unused_streams_in_words
from processors.sources.scan import printable

FILE = "CREDITS.txt"


def credits_text(
    packed: Sequence[PackedFile], recipe: PackRecipe, identity: PackIdentity, clip: HighlightClip | None = None
) -> Iterator[bytes]:
    yield _lines([*_both(recipe.title, recipe), f"{identity.urn}, {identity.day}, audience: {recipe.audience}", ""])
    if clip:
        yield _lines(_of_clip(clip, recipe))
    groups: dict[str, list[PackedFile]] = {}
    for one in packed:
        groups.setdefault(one.subject.digest, []).append(one)
    for files in groups.values():
        subject = files[0].subject
        lines = [subject.name, *(f"  {line}" for line in _both(subject.title, recipe))]
        lines += [f"  {line}" for line in _both(subject.caption, recipe)]
        lines += [f"  {_named('credit')}: {credit(subject)}", f"  {_named('rights')}: {rights(subject)}"]
        lines += _date_and_recorder(subject, recipe)
        if subject.keywords:
            lines.append(f"  {_named('keywords')}: {'; '.join(subject.keywords)}")
        lines += [f"  {_named(name)}: {value}" for name, value in terms(subject).items()]
        if subject.synthetic:
            lines.append(f"  {_named('synthetic')}")
        if overlays := burnt_in(subject):
            lines += [f"  {line}" for line in _both(overlays, recipe)]
        lines += [f"  {line}" for said in unused_streams_in_words(subject) for line in _both(said, recipe)]
        lines += _other_voices(subject)
        one = override_of(subject, recipe.overrides)
        if one is None:
            lines += [f"  {line}" for line in _both(notice(subject, recipe), recipe)]
        else:
            lines.append(f"  {_named('override')}: {one.who}: {one.why}")
        if subject.published_at:
            lines.append(f"  {_named('released_at')}: {subject.published_at}")
        lines += [f"  SHA-256: {subject.digest}", *_places(files, recipe), ""]
        yield _lines(lines)


def _date_and_recorder(subject: SourceRecord, recipe: PackRecipe) -> Iterator[str]:
    """Yield when and by what it was recorded, or that this is not stated: a caption desk asks for both."""
    unknown = _named("not_stated")
    written = _both(subject.recorded.in_words, recipe) if subject.recorded else []
    yield f"  {_named('recorded')}: {' / '.join(written) or unknown}"
    if subject.recorded and subject.recorded.utc and subject.start_seconds:
        said = phrase("clock_at_start", seconds=f"{subject.start_seconds:.3f}")
        yield from (f"  {line}" for line in _both(said, recipe))
    yield f"  {_named('recorder')}: {camera_in_words(subject) or unknown}"


def _of_clip(clip: HighlightClip, recipe: PackRecipe) -> Iterator[str]:
    """Yield the paragraph of the highlight: its contents, and every statement of rights on pictures and sound."""
    binding = strictest_first(clip.sources, recipe)
    yield clip.packed_path.rpartition("/")[2]
    yield f"  {_named('highlight')}"
    yield f"  {_named('shows')}: {', '.join(one.name for one in clip.shown)}"
    if clip.sounds:
        yield f"  {_named('sound_under_it')}: {', '.join(one.name for one in clip.sounds)}"
    yield f"  {_named('credit')}: {each_once(credit(one) for one in clip.sources)}"
    for name, statement in (
        ("rights", rights),
        ("usage_terms", lambda one: one.usage_terms),
        ("instructions", lambda one: one.instructions),
    ):
        yield from (f"  {_named(name)}: {line}" for line in with_names(by_statement(statement, binding)))
    yield from (f"  {line}" for note in overlay_notes(clip.shown) for line in _both(note, recipe))
    if any(one.synthetic for one in clip.sources):
        yield f"  {_named('synthetic')} ({', '.join(one.name for one in clip.sources if one.synthetic)})"
    if uncleared := [one for one in clip.sources if not is_cleared(one, recipe)]:
        said = notices([one for one in binding if one in uncleared], recipe)
        yield from (f"  {line}" for text in said for line in _both(text, recipe))
        yield f"  {_named('not_cleared')}: {', '.join(one.name for one in uncleared)}"
    for source in clip.sources:
        if not source.redistribute and (one := override_of(source, recipe.overrides)):
            yield f"  {_named('override')}: {source.name}: {one.who}: {one.why}"
    yield f"  {_named('files')}: {clip.packed_path}"
    yield ""


def _places(files: Sequence[PackedFile], recipe: PackRecipe) -> list[str]:
    """Return the folder of a source's files, or each file if they are in folders with files of other sources."""
    if recipe.layout != "kind":
        return [f"  {_named('files')}: {len(files)}, {files[0].folder.rpartition('/')[0]}/"]
    return [f"  {_named('files')}:", *(f"    {one.path}" for one in files if not one.path.startswith(f"{TECHNICAL}/"))]


def _other_voices(subject: SourceRecord) -> Iterator[str]:
    """Yield the statements on credit and rights at other paths of the same bytes and the one that applies, which may be
    an earlier prohibition, or one in the entry of an earlier path.
    """
    own = subject.voices[0] if subject.voices else None
    own_binds = own and own.redistribute is False and (own.past or subject.entry_path)
    if binds := subject.bound_by or (own if own_binds else None):
        heading = "forbidden_by" if binds is own or binds.past else "rights_said_by"
        yield f"  {_named(heading)}: {binds.place}: {binds.why_not}"
    for voice in subject.voices[0 if subject.bound_by else 1 :]:
        if own and voice.speaks and (voice is own or _says(voice) != _says(own)):
            yield f"  {_named('also_said')}: {voice.place}: {_says(voice)}"


def _says(voice: PathRights) -> str:
    if voice.unread:
        return voice.why_not
    may = {True: "true", False: "false", None: "not said"}[voice.redistribute]
    terms = "".join(f"; {one}" for one in voice.terms)
    return f"Credit: {voice.credit or 'unknown'}; Rights: {voice.rights or 'unknown'}; redistribute: {may}{terms}"


def _both(text: Text, recipe: PackRecipe) -> list[str]:
    return [" ".join(text[code].split()) for code in recipe.languages if code in text]


def _named(name: str) -> str:
    """Return a phrase in every language, whatever the languages of the pack."""
    return in_all_languages(phrase(name))


def _lines(lines: Iterable[str]) -> bytes:
    """Return each text as one line for people: white space becomes a blank, control characters are escaped."""
    return "".join(printable(re.sub(r"\s", " ", line)) + "\n" for line in lines).encode()
