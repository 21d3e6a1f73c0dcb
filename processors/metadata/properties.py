"""Pixels, rates and length of a medium, from the record in its `metadata.json`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from processors.containers.text.subtitle_names import TEXT_CODECS
from processors.formats import WITHOUT_LENGTH
from processors.metadata.unused_streams import chosen_stream, pixels

TAKEN_BY_PLAYERS = ("video", "audio", "subtitle")


@dataclass(frozen=True, kw_only=True)
class Properties:
    """Basic properties of a file; None if unknown or not applicable to the medium."""

    container: str | None = None
    width_px: int | None = None
    """Width as players and viewers show it, upright and in square pixels; of a video that was not decoded, as coded."""
    height_px: int | None = None
    frame_rate_hz: float | None = None
    """Average frame rate, as stated in the header."""
    duration_seconds: float | None = None
    """As decoded if the headers are wrong about it, otherwise as they state it."""
    duration_seconds_from_header: float | None = None
    """As the headers state it, or as FFmpeg estimates it from them."""
    picture_starts_seconds: float | None = None
    """Time of a video's first picture by the file's clock, by which its results count; players count from it."""
    picture_codec: str | None = None
    picture_mode: str | None = None
    """Mode of a photo, such as RGB, or I;16 for 16-bit grey."""
    sound_codec: str | None = None
    sample_rate_hz: int | None = None
    channel_count: int | None = None
    other_streams: tuple[str, ...] = ()
    """Streams that are neither the picture nor the sound that players choose: `3 video h264 480 x 270, larger`,
    `2 subtitle dvd_subtitle eng`. Nothing is taken from them by default; subtitles that are text are taken."""


def properties(
    record: Mapping[str, Any], shown_size_px: tuple[int, int] | None = None, decoded_seconds: float | None = None
) -> Properties:
    """Return the properties of the video and the audio stream that players choose, or of the picture.

    Parameters
    ----------
    shown_size_px : width and height of the upright picture; None if it was not decoded.
    decoded_seconds : length of what was decoded; None if it is as the headers state it.
    """
    streams: list[Mapping[str, Any]] = record.get("streams") or []
    video, sound = chosen_stream(streams, "video"), chosen_stream(streams, "audio")
    picture = record.get("picture") or {}
    stated_seconds = _shown_seconds(streams) or record.get("container_duration_seconds")
    states_length = record.get("container") not in WITHOUT_LENGTH
    rate = video.get("average_rate_hz")
    coded = video if video.get("width_px") else picture
    size = coded.get("width_px"), coded.get("height_px")
    width, height = shown_size_px or (size[::-1] if coded is picture and _is_on_its_side(record) else size)
    return Properties(
        container=record.get("container"),
        width_px=width,
        height_px=height,
        frame_rate_hz=float(Fraction(rate)) if rate else None,
        duration_seconds=decoded_seconds or stated_seconds,
        duration_seconds_from_header=None if decoded_seconds and not states_length else stated_seconds,
        picture_starts_seconds=video.get("start_seconds"),
        picture_codec=video.get("codec") or picture.get("format"),
        picture_mode=picture.get("mode"),
        sound_codec=sound.get("codec"),
        sample_rate_hz=sound.get("rate_hz"),
        channel_count=sound.get("channel_count"),
        other_streams=tuple(
            _in_words(one, video)
            for one in streams
            if one["kind"] in TAKEN_BY_PLAYERS and one not in (video, sound) and not _is_text(one)
        ),
    )


def _is_on_its_side(record: Mapping[str, Any]) -> bool:
    """Return whether a photo is stored turned by a quarter; a PNG may say so in XMP alone."""
    stated = (record.get("known") or {}).get("orientation") or {}
    in_xmp = [tag["value"] for tag in record.get("tags") or () if tag["name"] == "tiff:Orientation"]
    written = stated.get("value") or (in_xmp[0] if in_xmp and record.get("container") == "png" else 1)
    return str(written) in ("5", "6", "7", "8")


def _shown_seconds(streams: Iterable[Mapping[str, Any]]) -> float | None:
    """Return the length of picture and sound next to longer data, such as time codes, which players do not show.

    None without data, or if a length is not stated: the container's counts.
    """
    every = list(streams)
    shown = [one for one in every if one["kind"] in ("video", "audio")]
    spans = [(one.get("start_seconds") or 0.0, one.get("duration_seconds_from_header") or 0.0) for one in shown]
    if not spans or len(shown) == len(every) or not all(length for _, length in spans):
        return None
    return max(start + length for start, length in spans) - min(start for start, _ in spans)


def _is_text(stream: Mapping[str, Any]) -> bool:
    """Return whether a stream is subtitles of which `video.subtitles` takes the text."""
    return stream["kind"] == "subtitle" and stream.get("codec") in TEXT_CODECS


def _in_words(stream: Mapping[str, Any], shown: Mapping[str, Any]) -> str:
    words = [str(stream["index"]), stream["kind"], stream.get("codec") or "without a decoder"]
    width, height = stream.get("width_px"), stream.get("height_px")
    if width and height:
        words.append(f"{width} x {height}")
    if language := stream.get("language"):
        words.append(language)
    return " ".join(words) + (", larger" if stream["kind"] == "video" and pixels(stream) > pixels(shown) else "")
