"""Timeline of the audio packets in an Ogg file, from the granule positions of its pages, with losses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import BinaryIO

from processors.containers.audio.ogg import CONTINUED, FIRST, LAST, MARK, Packets, Page, Rubbish, pages
from processors.containers.audio.ogg_codecs import OggCodec, codec_in_header
from processors.errors import DamagedMedia
from processors.sources.read_at import find_marks
from processors.sources.source_file import SourceFile

MIN_GAP_SECONDS = 0.05
"""Without a lost page, smaller granule errors are attributed to the writer's clock."""
MAX_GAP_SECONDS = 3600
"""Granule jumps of more than this are wrong."""
MAX_PACKETS_OF_A_PAGE = 255


@dataclass(frozen=True, kw_only=True)
class OggRecording:
    """Start of a recording; a file may hold several in sequence (RFC 3533, 4)."""

    codec: OggCodec
    place: int
    """File offset of its first page, bytes."""


@dataclass(frozen=True, kw_only=True)
class PageRun:
    """Packets that end on one page, in order."""

    packets: tuple[bytes, ...]
    sample_counts: tuple[int, ...]
    """Samples per channel in each packet."""
    missing_samples: int
    """Samples missing before them."""
    skip_samples: int
    """Initial decoded samples to discard."""
    trimmed_samples: int
    """Final decoded samples to discard: the encoder's padding of its last packet."""
    is_after_loss: bool
    starts_at: int = 0
    """For a recording's first run, the granule of its first sample; not 0 if cut from a longer recording."""


@dataclass(frozen=True, kw_only=True)
class PageFault:
    """A fault at an offset in the file."""

    what: str
    is_lost: bool
    """True if a page, or data in place of one, is damaged."""


@dataclass(frozen=True, kw_only=True)
class End:
    """End of the file."""

    is_marked: bool
    """True if the last page is complete and marked as the last of its stream; False for a truncated file."""
    missing_samples: int | None
    """Samples missing at the end, by a damaged last page; None if unknown."""
    unread: str | None
    """Description of trailing data after the last page."""


Event = OggRecording | PageRun | PageFault | End


def audio_events(opened: BinaryIO) -> Iterator[Event]:
    """Yield the events of the file's first audio stream and of those that follow it in sequence.

    Raises
    ------
    DamagedMedia : headers that a decoder needs are missing.
    """
    reader = _Reader()
    rubbish: Rubbish | None = None
    for part in pages(opened):
        if isinstance(part, Rubbish):
            rubbish = part
            continue
        if rubbish is not None:
            yield PageFault(
                what=f"{rubbish.size_bytes} bytes at byte {rubbish.place} are not an Ogg page", is_lost=True
            )
            rubbish = None
        yield from reader.page(part)
    is_marked, missing = reader.end()
    cut = "the rest of the file, from byte {0}, is not a complete Ogg page"
    if rubbish is not None and not is_marked:
        yield PageFault(what=cut.format(rubbish.place), is_lost=False)
    behind = (
        f"{rubbish.size_bytes} bytes after the last page do not belong to any page" if rubbish and is_marked else None
    )
    yield End(is_marked=is_marked, missing_samples=missing, unread=behind)


class _Reader:
    def __init__(self) -> None:
        self._codec: OggCodec | None = None
        self._serial = self._sequence = 0
        self._packets = Packets()
        self._in_headers = self._in_group = self._group_has_sound = False
        self._position: int | None = None
        """Granule at which the next packet should begin; None before the first."""
        self._offset = 0
        """Error of the granules."""
        self._is_marked = False
        self._lost_end: Page | None = None
        """Latest page, if it is damaged and seems to belong to this stream."""
        self._lost_granule: int | None = None
        """Apparent end of that page, while the following page is placed."""
        self._is_lost = False

    def page(self, page: Page) -> Iterator[Event]:
        if not page.is_whole:
            yield PageFault(what=f"the checksum of the Ogg page at byte {page.place} does not match", is_lost=True)
            if self._codec is None and page.flags & FIRST:
                raise DamagedMedia(
                    f"the Ogg page at byte {page.place}, which says what the file holds, has a wrong checksum"
                )
            if self._codec and page.serial == self._serial and page.sequence == self._sequence:
                self._lost_end = page
            return
        if page.flags & FIRST:
            yield from self._begin(page)
        elif self._codec is not None and page.serial == self._serial:
            self._in_group = False
            yield from self._more(page, self._codec)
        else:
            self._in_group = False

    def _begin(self, page: Page) -> Iterator[Event]:
        """Begin a recording: its streams' first pages come together; the first audio stream is read."""
        codec = codec_in_header((Packets().of(page, after_loss=False) or [b""])[0])
        self._group_has_sound &= self._in_group
        self._in_group = True
        if codec is None or self._group_has_sound:
            return
        self._group_has_sound = True
        if self._codec is not None:
            yield from self._left_open(page)
        self._codec, self._serial, self._sequence = codec, page.serial, page.sequence + 1
        self._packets, self._in_headers = Packets(), True
        self._position, self._offset, self._is_marked, self._lost_end, self._is_lost = None, 0, False, None, False
        yield OggRecording(codec=codec, place=page.place)

    def _left_open(self, page: Page) -> Iterator[Event]:
        """Report what is missing at the end of the recording before this page."""
        is_marked, missing = self.end()
        if missing:
            yield PageRun(
                packets=(),
                sample_counts=(),
                missing_samples=missing,
                skip_samples=0,
                trimmed_samples=0,
                is_after_loss=True,
            )
        elif not is_marked:
            yield PageFault(what=f"the recording before byte {page.place} has no last page", is_lost=True)

    def _more(self, page: Page, codec: OggCodec) -> Iterator[Event]:
        lost = page.sequence != self._sequence
        if lost and self._lost_end is None:
            what = f"found page {page.sequence} at byte {page.place}, where page {self._sequence} was expected"
            yield PageFault(what=what, is_lost=True)
        self._is_lost |= lost
        self._lost_granule = None
        if self._lost_end is not None and page.sequence == self._sequence + 1:
            self._lost_granule = self._lost_end.granule
        self._sequence, self._lost_end, self._is_marked = page.sequence + 1, None, bool(page.flags & LAST)
        found = self._packets.of(page, after_loss=lost)
        while found and self._in_headers and codec.takes_header(found[0]):
            found.pop(0)
        if not found:
            return
        if self._in_headers and not codec.can_be_decoded:
            raise DamagedMedia(
                f"the pages before byte {page.place}, which hold what a {codec.name} decoder must have, are damaged"
            )
        self._in_headers = False
        if self._is_lost:
            codec.begin_again()
        counts = tuple(codec.samples_of(packet) for packet in found)
        yield from self._placed(page, codec, tuple(found), counts)
        self._is_lost = False

    def _placed(
        self, page: Page, codec: OggCodec, found: tuple[bytes, ...], counts: tuple[int, ...]
    ) -> Iterator[Event]:
        total, skip, trimmed, missing, starts_at = sum(counts), 0, 0, 0, 0
        ends = None if page.granule is None else page.granule + self._offset
        start = self._position if ends is None else ends - total
        is_last = bool(page.flags & LAST)
        if self._position is None:
            skip = codec.skip_samples
            if self._is_lost and start is not None:  # its start is unknown: assume 0, as in most files
                missing, skip = max(0, start - skip), max(0, skip - max(0, start))
            elif is_last and ends is not None and ends < total:
                trimmed, start = total - max(0, ends), 0
            elif start is not None and start < 0 and codec.name == "vorbis":  # Vorbis I, A.2
                skip, start = -start, 0
            self._position = (start or 0) - missing
            starts_at = self._position
        elif start is not None:
            if is_last and self._is_lost and ends is not None:
                trimmed = self._trim_behind_loss(page, codec, counts, ends)
                start += trimmed
            off = start - self._position
            if is_last and off < 0:
                trimmed = min(total, -off)
            elif off > MAX_GAP_SECONDS * codec.rate_hz or (off < 0 and -off >= MIN_GAP_SECONDS * codec.rate_hz):
                yield PageFault(
                    what=f"the granules jump by {off / codec.rate_hz:.1f} s at byte {page.place}", is_lost=False
                )
                self._offset -= off
            elif off > 0 and (self._is_lost or off >= MIN_GAP_SECONDS * codec.rate_hz):
                missing = off
        self._position += missing + total - trimmed
        yield PageRun(
            packets=found,
            sample_counts=counts,
            missing_samples=missing,
            skip_samples=skip,
            trimmed_samples=trimmed,
            is_after_loss=self._is_lost,
            starts_at=starts_at,
        )

    def _trim_behind_loss(self, page: Page, codec: OggCodec, counts: tuple[int, ...], ends: int) -> int:
        """Return how many samples of the last page to discard if the page before it is damaged.

        This follows from both pages' ends, which enclose this page's packets and those lost with the other.
        """
        if self._lost_granule is None or not any(counts):
            return 0
        lost_packets = bool(page.flags & CONTINUED) + (
            codec.name == "vorbis"
        )  # its first packet needs the previous one
        each = max(set(counts) - {0}, key=counts.count)
        over = self._lost_granule + self._offset + lost_packets * each + sum(counts) - ends
        return over if 0 <= over <= sum(counts) else 0

    def end(self) -> tuple[bool, int | None]:
        """Return whether the end is marked, and the samples missing there by a damaged, apparently last page."""
        page, codec = self._lost_end, self._codec
        if page is None or codec is None or page.granule is None or self._position is None:
            return self._is_marked, None
        missing = page.granule + self._offset - self._position
        most = MAX_PACKETS_OF_A_PAGE * max(codec.frame_samples, 8192)
        return False, missing if page.flags & LAST and 0 < missing <= most else None


@dataclass(frozen=True, kw_only=True)
class OggSummary:
    """Summary of a file's pages, before anything is decoded."""

    codec: OggCodec | None
    """Codec of its first audio stream; None if no stream has a known codec."""
    is_plain: bool
    """True for one recording that starts at 0 without damaged pages or gaps: libraries read it exactly."""
    end: End


def ogg_summary(file: SourceFile) -> OggSummary:
    """Read all pages once and summarise them.

    Raises
    ------
    DamagedMedia : headers that a decoder needs are missing.
    """
    codec, links, is_plain = None, 0, True
    end = End(is_marked=False, missing_samples=None, unread=None)
    with file.open() as opened:
        for event in audio_events(opened):
            if isinstance(event, OggRecording):
                codec, links = codec or event.codec, links + 1
            elif isinstance(event, PageFault):
                is_plain &= not event.is_lost
            elif isinstance(event, PageRun):
                is_plain &= not (event.missing_samples or event.is_after_loss or event.starts_at)
                is_plain &= codec is None or event.skip_samples in (0, codec.skip_samples)
            else:
                end = event
    return OggSummary(codec=codec, is_plain=is_plain and links == 1, end=end)


FIRST_PAGE = re.compile(re.escape(MARK + bytes((0, FIRST))))
"""Beginning of a stream's first page in files written in one piece (RFC 3533, 6)."""


@dataclass(frozen=True, kw_only=True)
class Link:
    """One of several recordings joined end to end."""

    codec: OggCodec
    sample_count: int
    """Samples per channel, including missing ones."""

    @property
    def seconds(self) -> Fraction:
        return Fraction(self.sample_count, self.codec.rate_hz)


def chained_recordings(opened: BinaryIO, first_stream_count: int) -> tuple[Link, ...]:
    """Return the recordings of a chained file in order; nothing for a file that holds a single one.

    Parameters
    ----------
    first_stream_count : streams of the first recording; a file without further first pages is not walked.

    Raises
    ------
    DamagedMedia : headers that a decoder needs are missing.
    """
    first_pages = find_marks(FIRST_PAGE, opened, 0, opened.seek(0, 2), longest=len(MARK) + 2)
    if sum(1 for _ in first_pages) <= first_stream_count:
        return ()
    codecs: list[OggCodec] = []
    counts: list[int] = []
    for event in audio_events(opened):
        if isinstance(event, OggRecording):
            codecs.append(event.codec)
            counts.append(0)
        elif isinstance(event, PageRun) and counts:
            counts[-1] += event.missing_samples + max(
                0, sum(event.sample_counts) - event.skip_samples - event.trimmed_samples
            )
    found = tuple(Link(codec=codec, sample_count=n) for codec, n in zip(codecs, counts, strict=True))
    return found if len(found) > 1 else ()
