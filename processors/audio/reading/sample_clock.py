"""Places of decoded frames among the samples, by their presentation times, and what is missing before them."""

from __future__ import annotations

from fractions import Fraction

import av

from processors.audio.reading.audio_info import AudioInfo
from processors.audio.reading.loss_counter import LossCounter
from processors.errors import DamagedMedia

MIN_GAP_SECONDS = 0.05
"""If everything decodes, smaller timestamp jumps are attributed to the writer's clock."""
MIN_GAP_AFTER_ERROR_SECONDS = 0.002
MAX_GAP_SECONDS = 3600
"""Larger timestamp jumps are wrong or due to another recording."""
MAX_MISSING_SAMPLES, MAX_MISSING_RATIO = 1 << 28, 10
"""Limits on missing samples, total and relative: a few packets with distant times must not become a day of NaN."""


class SampleClock:
    """A frame belongs as many samples behind `zero` as its time says; what is not there before it is missing.

    `zero` is set anew, so that nothing is missing before a frame, or less,
    - where the stream begins, or another file joined to it;
    - by each frame of a bare stream, unless a packet before it failed: times there are rounded lengths, added up;
    - by the first frame after packets that only filled the decoder, as WMA's first ones do;
    - where the times jump too far, which counts as an error.

    Parameters
    ----------
    tally : the samples so far.
    zero : presentation time of the stream's first sample, seconds; None: the first frame tells.
    is_bare : True for a stream without a container.
    """

    def __init__(self, info: AudioInfo, tally: LossCounter, zero: Fraction | None, *, is_bare: bool) -> None:
        self._info, self._tally, self._is_bare = info, tally, is_bare
        self.zero = zero
        """Time at which sample 0 would be, seconds; None until the next frame tells."""
        self.has_failed = False
        """True if a packet since the last frame did not decode."""
        self.is_filling = False
        """True if packets were accepted without error but have not yielded a frame yet."""

    def missing_before(self, frame: av.AudioFrame, skipped_samples: int) -> int:
        """Return how many samples are missing before a frame.

        Parameters
        ----------
        skipped_samples : samples at the frame's start that are discarded.
        """
        tally, rate_hz = self._tally, self._info.rate_hz
        least = MIN_GAP_AFTER_ERROR_SECONDS if self.has_failed else MIN_GAP_SECONDS
        counts_on, self.has_failed = self._is_bare and not self.has_failed, False
        if frame.pts is None or frame.time_base is None:
            return 0
        time = frame.pts * frame.time_base
        if self.zero is None or counts_on:
            self.zero = time - Fraction(tally.samples - skipped_samples, rate_hz)
        if self.is_filling:
            self.is_filling, self.zero = False, max(time, self.zero)
        missing = round((time - self.zero) * rate_hz) - tally.samples
        most = MAX_MISSING_SAMPLES // self._info.channel_count + MAX_MISSING_RATIO * (tally.samples - tally.missing)
        if missing > MAX_GAP_SECONDS * rate_hz or tally.missing + missing > most:
            tally.error(DamagedMedia(f"the time stamps jump by {missing / rate_hz:.1f} s"))
            self.zero = time - Fraction(tally.samples, rate_hz)
            return 0
        if self._is_bare and abs(missing - (whole := round(missing / frame.samples) * frame.samples)) <= 2:
            missing = whole  # as many frames as failed: their times are rounded
        return missing if missing >= least * rate_hz else 0
