"""Streams of a file that are not those that players choose, and that people may want: a larger picture, other audio."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class LargerPicture:
    """Video stream of a file that is larger than the one that players choose; sizes as coded."""

    stream: int
    """Index in the container, as printed by ffprobe."""
    size_px: tuple[int, int]
    """Width and height."""
    shown_size_px: tuple[int, int]
    """Width and height of the stream that players choose, from which results are made."""
    is_packed: bool = False
    """True if a pack holds the whole video of this stream."""


@dataclass(frozen=True, kw_only=True)
class AudioTrack:
    """Audio stream of a file; None for what the file does not state."""

    stream: int
    """Index in the container, as printed by ffprobe."""
    codec: str | None
    rate_hz: int | None
    channel_count: int | None
    language: str | None
    title: str | None

    @property
    def details(self) -> str:
        """Return what distinguishes it, for people of any language: `eng, Commentary, aac, 48 kHz, 1 ch`."""
        rate = f"{self.rate_hz / 1000:g} kHz" if self.rate_hz else None
        channels = f"{self.channel_count} ch" if self.channel_count else None
        return ", ".join(filter(None, (self.language, self.title, self.codec, rate, channels)))


@dataclass(frozen=True, kw_only=True)
class OtherAudio:
    """Audio streams of a file of which nothing is made."""

    played: AudioTrack
    """The stream that players play, of which all sound is."""
    others: tuple[AudioTrack, ...]


def larger_picture(record: Mapping[str, Any]) -> LargerPicture | None:
    """Return the largest video stream that has more pixels than the one that players choose; None if none has."""
    streams: list[Mapping[str, Any]] = record.get("streams") or []
    videos = [one for one in streams if one["kind"] == "video"]
    shown = chosen_stream(streams, "video")
    largest = max(videos, key=pixels, default=shown)
    if not pixels(shown) or pixels(largest) <= pixels(shown):
        return None
    sizes = [(one["width_px"], one["height_px"]) for one in (largest, shown)]
    return LargerPicture(stream=largest["index"], size_px=sizes[0], shown_size_px=sizes[1])


def other_audio(record: Mapping[str, Any]) -> OtherAudio | None:
    """Return the audio streams besides the one that players choose; None if there are no others."""
    streams: list[Mapping[str, Any]] = record.get("streams") or []
    played = chosen_stream(streams, "audio")
    others = [one for one in streams if one["kind"] == "audio" and one is not played]
    if not others:
        return None
    titles = {tag["namespace"]: str(tag["value"]) for tag in record.get("tags") or () if tag["name"] == "title"}
    return OtherAudio(played=_track(played, titles), others=tuple(_track(one, titles) for one in others))


def _track(stream: Mapping[str, Any], titles: Mapping[str, str]) -> AudioTrack:
    language = stream.get("language")
    return AudioTrack(
        stream=stream["index"],
        codec=stream.get("codec"),
        rate_hz=stream.get("rate_hz"),
        channel_count=stream.get("channel_count"),
        language=None if language == "und" else language,
        title=titles.get(f"stream.{stream['index']}"),
    )


def pixels(stream: Mapping[str, Any]) -> int:
    return (stream.get("width_px") or 0) * (stream.get("height_px") or 0)


def chosen_stream(streams: Iterable[Mapping[str, Any]], kind: str) -> Mapping[str, Any]:
    """Return the stream marked as default, else the first; those without a decoder come last; empty without one."""
    found = [one for one in streams if one["kind"] == kind]
    readable = [one for one in found if one.get("codec")] or found
    marked = [one for one in readable if "default" in (one.get("dispositions") or ())]
    return next(iter(marked or readable), {})
