"""Reader of a video stream: frames with exact times, decoded only on demand, and a report of losses."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

import av
import av.container
import av.stream

from processors.contract import Need
from processors.decoding.open_media import declared_frame_count, frame_rate_of, packets_of
from processors.errors import DamagedMedia, RefusedMedia
from processors.video.reading.container_crop import Crop, Cropper
from processors.video.reading.declared_duration import declared_duration
from processors.video.reading.decoders import Decoded, MustReadInOrder, StreamDecoders
from processors.video.reading.frame import ColourFacts, VideoFrame, display_matrix, frame_colour, square_pixels
from processors.video.reading.losses.container_damage import Structure
from processors.video.reading.losses.lost_packets import NEIGHBOURS, LostPackets, find_lost_packets, joined_spans
from processors.video.reading.losses.shortfall import Shortfall, shortfall_of
from processors.video.reading.ogg_headers import part_of_header
from processors.video.reading.streams import decoder_of, first_matrix, first_picture, stream_facts, video_stream
from processors.video.reading.time_code import written_in, written_on
from processors.video.reading.times.frame_times import FrameTimes, Timed
from processors.video.reading.times.joined_recordings import STREAMED
from processors.video.reading.times.packet_index import read_index
from processors.video.reading.times.steady_clock import steady_clock, steady_rate_hz
from processors.video.reading.times.times_behind_lost_pictures import with_places_of_missing
from processors.video.reading.video_info import VideoInfo, VideoReport

SPANS_TOLD = 100
"""Maximum of lost spans listed in a report; the count is always complete."""

GENERATED_TIMES = av.container.Flags.gen_pts.value
"""Flag for FFmpeg's generated times of packets without one; off because wrong for H.264 with B-frames in AVI."""

EDIT_FRAMES = 2
"""Frames by which an edit list and the shown frames may differ at the end: an edit may end within a frame."""


class VideoReader:
    """Reader of one video stream; feed it the stream's packets in file order, then `flush`.

    Parameters
    ----------
    container : the open file, not yet read.
    second_opening : the same file opened again; it is read to its end here to determine every frame's time.
    stream_index : index of the video stream; None: the one that players show.
    structure : findings in the container's bytes before demuxing.
    in_order : decode every packet in one thread, so that a damaged file yields reproducible pictures.
    in_one_thread : decode each picture of the needed packets in one thread, which misses no damage in them: that of a
        lost picture may show only in one that nothing refers to.

    Raises
    ------
    UnsupportedMedia : there is no decoder for it, or it is encrypted.
    DamagedMedia : no such stream or picture size exists; from `flush`, if no frame decoded.
    RefusedMedia : an elementary stream declares no frame rate; from `flush`, if no frame has a time.
    MustReadInOrder : from `decode` and `flush`, at the first damage, unless read `in_order`.
    """

    def __init__(
        self,
        container: av.container.InputContainer,
        second_opening: av.container.InputContainer,
        *,
        source_digest: str | None = None,
        stream_index: int | None = None,
        in_order: bool = False,
        in_one_thread: bool = False,
        structure: Structure | None = None,
    ) -> None:
        self._structure = structure or Structure()
        stream = video_stream(container, stream_index, self._structure.codings)
        container.flags &= ~GENERATED_TIMES
        second_opening.flags &= ~GENERATED_TIMES
        twin = second_opening.streams[stream.index]
        assert isinstance(twin, av.VideoStream)
        self.stream = stream
        self._container = container
        self._source_digest = source_digest
        self._in_order, self._in_one_thread = in_order, in_one_thread
        codec, crop = stream.codec_context, self._structure.crops.get(stream.index, Crop())
        self._cropper = Cropper(crop) if crop.fits(codec.width, codec.height) else None
        self._shown_size_px = crop.size_px(codec.width, codec.height) if self._cropper else (codec.width, codec.height)
        own, twins = decoder_of(stream), decoder_of(twin)
        self._rate_hz = steady_rate_hz(container, own)
        pictures = self._structure.listed_pictures.get(stream.index)
        self._index = with_places_of_missing(read_index(second_opening, twin), pictures)
        self._decoders = StreamDecoders(own, twins, in_order=in_order, in_one_thread=in_one_thread)
        first = first_picture(second_opening, twin)
        self.info = self._read_info(first_matrix(first))
        self._lost_packets = self._find_lost_packets()
        self._start_time_code, self._start_time_code_pts = self._find_time_code(first)
        clock = steady_clock(self._rate_hz, self.info.time_base, codec.name)
        self._times = FrameTimes(self._index, clock, codec.name)
        self._packet_number = -1
        self._decoded = self._corrupt = 0
        self._span: tuple[Fraction, Fraction] | tuple[None, None] = (None, None)
        """Start of the first and end of the latest returned frame, seconds."""
        self._colour: ColourFacts | None = None
        self._has_alpha = False
        self._rotation_degrees: int | None = None
        self._matrix = self.info.display_matrix

    def _find_time_code(self, first: av.VideoFrame | None) -> tuple[str | None, int | None]:
        """Return the file's time code, and the time of its picture in ticks; None if only decoding determines it.

        The code of a container, or of a group, is that of the first picture, whether or not this decodes; that in a
        picture is its own.
        """
        start = min([*self._index.shown_pts[:1], *(gap for gap, _ in self._lost_packets.gaps)], default=None)
        if code := written_in(self._container, self.stream):
            return code, start if self._index.complete else None
        if first and (code := written_on(first, self.info.average_rate_hz)):
            return code, first.pts if self._index.complete else None
        code = self._index.group_time_code
        return code, self._index.shown_pts[0] if code and self.info.start is not None else None

    def _find_lost_packets(self) -> LostPackets:
        seconds, begins = self.info.duration_seconds_from_header, self.stream.start_time or 0
        return find_lost_packets(
            self._index,
            self._structure.damaged,
            declared_start=None if self._container.format.name in STREAMED else 0,
            declared_end=None if seconds is None else begins + round(seconds / self.info.time_base),
            listed_count=len(self._structure.listed_pictures.get(self.info.stream_index, ())),
            has_every_unit=self._container.format.name == "mxf",
        )

    def _read_info(self, matrix: tuple[int, int, int, int]) -> VideoInfo:
        stream, codec, index = self.stream, self.stream.codec_context, self._index
        declared = stream.sample_aspect_ratio or codec.sample_aspect_ratio
        ratio = declared or Fraction(1)
        if not Fraction(1, 20) < ratio < 20:
            ratio = Fraction(1)
        time_base = stream.time_base or Fraction(1, av.time_base)
        width, height = square_pixels(*self._shown_size_px, ratio)
        shown = index.shown_pts if index.complete else []
        return VideoInfo(
            source_digest=self._source_digest,
            stream_index=stream.index,
            codec=codec.name,
            pixel_format=codec.pix_fmt,
            width_px=height if matrix[0] == 0 else width,
            height_px=width if matrix[0] == 0 else height,
            stored_width_px=codec.width,
            stored_height_px=codec.height,
            sample_aspect_ratio=ratio,
            declared_aspect_ratio=declared,
            display_matrix=matrix,
            time_base=time_base,
            average_rate_hz=frame_rate_of(stream),
            frame_count_from_header=declared_frame_count(stream),
            duration_seconds_from_header=declared_duration(self._container, stream),
            frame_count_from_packets=len(shown) if index.complete else None,
            frame_pts=index.shown_pts if index.complete else None,
            keyframe_pts=index.keyframe_pts() if index.complete else None,
            start=shown[0] * time_base if shown else None,
            end=index.end_of(shown[-1]) * time_base if shown else None,
        )

    def want(self, needs: Sequence[Need]) -> None:
        """Set, before the first packet, which frames are needed; if one need includes all, all are decoded."""
        choices = [need.shown for need in needs if need.shown is not None]
        if self._in_order or not self._index.complete or len(choices) < len(needs):
            return
        base = self.info.time_base
        wanted = self._index.wanted(lambda pts, end: any(shown(pts * base, end * base) for shown in choices))
        needed = self._index.packets_for(wanted)
        if self._in_one_thread:
            needed = self._index.packets_for(self._index.shown_in(needed))
            wanted = self._index.reproduced_by(needed)
        self._decoders.want(wanted, needed)

    def frames(self) -> Iterator[VideoFrame]:
        """Yield the frames of a container that no other reader reads, until its end or the first unreadable place.

        If not all are needed, others may be among them.
        """
        for packet in packets_of(self._container, [self.stream]):
            yield from self.decode(packet)
            if self._decoders.has_all_needed:
                break
        yield from self.flush()

    def decode(self, packet: av.Packet) -> Iterator[VideoFrame]:
        """Yield the frames released by this packet in presentation order; after a gap, also those from before it."""
        if not packet.size:
            return
        part = part_of_header(packet)
        if part == "comments":
            return
        if not self._in_order and (part == "settings" or self._lost_packets != LostPackets()):
            raise MustReadInOrder  # settings of another recording are taken by a decoder of one thread only
        self._packet_number += part is None
        if part is None and (shift := self._index.joins.shift_of(self._packet_number)):
            packet.pts = None if packet.pts is None else packet.pts + shift
            packet.dts = None if packet.dts is None else packet.dts + shift
        yield from self._shown(self._decoders.decode(packet))

    def flush(self) -> Iterator[VideoFrame]:
        """Yield the frames still in the decoder; call once, after the last packet."""
        yield from self._shown(self._decoders.flush())
        yield from map(self._unit, self._times.last())
        if not self._decoded and (self._decoders.wanted is None or self._decoders.wanted):
            if not self._in_order:
                raise MustReadInOrder
            why = self._decoders.first_error or self._index.unreadable or self._structure.tables_disagree
            why = why or "the stream is empty"
            raise DamagedMedia(f"not one frame decodes ({why})")
        if self._decoded and self._times.without_time == self._decoded:
            raise RefusedMedia(
                f"none of its {self._decoded} frames has a presentation time",
                "put it into a container with times: `ffmpeg -fflags +genpts -i FILE -c copy FILE.mkv`",
            )
        if not self._in_order and self._lost():
            raise MustReadInOrder

    def _lost(self) -> list[int]:
        """Return the presentation times of requested frames that were not decoded."""
        wanted = self._decoders.wanted
        return [pts for pts in self._times.absent() if wanted is None or pts in wanted]

    def may_be_coded_before(self, pts: int, other_pts: int) -> bool:
        """Return False if the picture shown at `pts`, in ticks, comes after another one in the file.

        A missing picture may be coded before some that are shown before it, of which there are at most as many as
        elsewhere in the file, and before those behind damaged bytes.
        """
        index = self._index
        if not index.complete or other_pts not in index.pts:
            return True
        if pts in index.pts:
            return index.pts.index(pts) < index.pts.index(other_pts)
        shown_between = bisect_left(index.shown_pts, pts) - bisect_left(index.shown_pts, other_pts)
        return shown_between <= index.most_coded_ahead or self._is_behind_damage(index.pts.index(other_pts))

    def _is_behind_damage(self, packet: int) -> bool:
        """Return whether damaged bytes, which demuxers skip, are between a packet and its neighbours before it."""
        place, first = self._index.place, max(0, packet - NEIGHBOURS)
        skipped = (one.start_byte for one in self._structure.damaged if one.is_skipped)
        return any(place[first] < start <= place[packet] for start in skipped)

    def lost_seconds(self, before: Fraction | None = None) -> tuple[tuple[Fraction, Fraction], ...]:
        """Return half-open spans of requested frames that are missing.

        Parameters
        ----------
        before : end of the latest frame, s, after which others are still to come; None after the last one.
        """
        spans = sorted([*((pts, self._index.end_of(pts)) for pts in self._lost()), *self._lost_packets.gaps])
        base = self.info.time_base
        return self._in_seconds([span for span in spans if before is None or span[0] * base < before])

    def unsure_seconds(self) -> tuple[tuple[Fraction, Fraction], ...]:
        """Return half-open spans of frames whose bytes do not match the file's own checksums."""
        return self._in_seconds(self._lost_packets.unsure)

    def _in_seconds(self, spans: Sequence[tuple[int, int]]) -> tuple[tuple[Fraction, Fraction], ...]:
        return joined_spans([(start * self.info.time_base, end * self.info.time_base) for start, end in spans])

    def report(self) -> VideoReport:
        """Return counts and losses after the last packet."""
        base, known, lost = self.info.time_base, self._index.complete, self._lost()
        index, gone, short = self._index, self._lost_packets, self._shortfall()
        return VideoReport(
            frame_count_from_header=self.info.frame_count_from_header,
            frame_count_from_packets=self.info.frame_count_from_packets,
            frame_count_hidden=len(self._index.pts) - len(self._index.shown_pts) if known else None,
            duration_seconds_from_header=self.info.duration_seconds_from_header,
            frame_count_decoded=self._decoded,
            frame_count_skipped=len(self._times.absent()) - len(lost) if known else None,
            frame_count_lost=len(lost) if known else None,
            frame_count_corrupt=self._corrupt,
            frame_count_without_time=self._times.without_time,
            frame_count_gone=gone.frame_count,
            damaged_byte_count=gone.byte_count,
            lost_seconds=self.lost_seconds()[:SPANS_TOLD],
            unsure_seconds=self.unsure_seconds()[:SPANS_TOLD],
            decoder_errors=self._decoders.errors,
            first_error=self._decoders.first_error,
            unreadable=self._index.unreadable or self._structure.cut_off_because,
            frame_count_cut_off=short.frame_count,
            shorter_than_declared=short.words,
            unread_because=self._structure.unread_because,
            tables_disagree=self._structure.tables_disagree,
            chunk_count_empty=self._structure.empty_chunks.get(self.info.stream_index, 0),
            joined_at_seconds=tuple(pts * base for pts in index.joins.first_pts)[:SPANS_TOLD],
            start_time_code=self._start_time_code,
            start_time_code_seconds=None if self._start_time_code_pts is None else self._start_time_code_pts * base,
            edits_not_followed=self._edits_not_followed(),
            stream_index=self.info.stream_index,
            streams=stream_facts(self._container, self._structure.codings),
            colour=self._colour,
            shown_size_px=self._shown_size_px if self._cropper else None,
            has_alpha=self._has_alpha,
        )

    def _shortfall(self) -> Shortfall:
        """Return what the header declares but the file lacks.

        The last picture of a Matroska file may be shown for long: its elements must also show truncation.
        """
        index, structure, info = self._index, self._structure, self.info
        told = structure.empty_chunks.get(info.stream_index, 0) + self._lost_packets.absent_count
        return shortfall_of(
            info,
            len(index.pts) + told if index.complete else None,
            (info.start, info.end) if index.complete else self._span,
            weighs_duration="matroska" not in self._container.format.name or bool(structure.cut_off_because),
        )

    def _edits_not_followed(self) -> str | None:
        """Return unsupported edits of the file: FFmpeg misplaces multiple edits if pictures are reordered."""
        edits, end = self._structure.edits, self.info.end
        if edits.not_followed or edits.count < 2 or edits.seconds is None or end is None:
            return edits.not_followed
        if abs(end - edits.seconds) <= EDIT_FRAMES * (end / len(self._index.shown_pts)):
            return None
        return f"{edits.count} edits take {float(edits.seconds):.3f} s, and the pictures end at {float(end):.3f} s"

    def _shown(self, frames: Iterable[Decoded]) -> Iterator[VideoFrame]:
        """Yield frames, each once its times are known."""
        for decoded in frames:
            if not self._decoded and self._rate_hz and not self._start_time_code:  # seeking back is impossible
                self._start_time_code = written_on(decoded.frame, self.info.average_rate_hz)
            self._decoded += 1
            self._corrupt += decoded.is_corrupt
            yield from map(self._unit, self._times.of(decoded))

    def _unit(self, timed: Timed) -> VideoFrame:
        frame, base = timed.decoded.frame, self.info.time_base
        if self._colour is None:
            self._colour = frame_colour(frame).facts
            self._has_alpha = any(component.is_alpha for component in frame.format.components)
        first = timed.pts * base if self._span[0] is None else self._span[0]
        self._span = (first, timed.end_pts * base)
        return VideoFrame(
            decoded=self._cropper.cut(frame) if self._cropper else frame,
            pts=timed.pts,
            end_pts=timed.end_pts,
            time_base=base,
            is_keyframe=bool(frame.key_frame),
            is_corrupt=timed.decoded.is_corrupt,
            sample_aspect_ratio=self.info.sample_aspect_ratio,
            matrix=self._matrix_of(frame),
        )

    def _matrix_of(self, frame: av.VideoFrame) -> tuple[int, int, int, int]:
        """Return the frame's display matrix; its side data are read only where the angle changes.

        Reading them creates a reference cycle: frames would occupy 0.5 GB until Python's next garbage collection.
        """
        if frame.rotation != self._rotation_degrees:
            self._rotation_degrees, self._matrix = frame.rotation, display_matrix(frame)
        return self._matrix
