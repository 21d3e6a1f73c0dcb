"""A stream that every processor has refused from its header is not decoded."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.derived import derived
from tests.helpers.fault_processors import FaultyPicture, FaultySound
from tests.helpers.made_media import MediaMaker


@pytest.mark.parametrize("step", ["needs", "start"])
def test_sound_that_all_refuse_is_not_decoded(make: MediaMaker, tmp_path: Path, step: str) -> None:
    refused = FaultySound(deed="refusal", step=step)
    (found,) = derived(make.tone("wind.wav"), tmp_path / "alone", refused)
    assert (found.manifest.verdict, found.manifest.reason) == ("refused", "too large: make it smaller")
    assert found.manifest.source_facts is None
    (video,) = derived(make.video("descent.mp4", list(range(10)), sound_hz=440.0).path, tmp_path / "alone", refused)
    assert (video.manifest.verdict, video.manifest.source_facts) == ("refused", None)


def test_the_other_stream_of_a_video_and_the_other_processors_go_on(make: MediaMaker, tmp_path: Path) -> None:
    made, refused = FaultySound(), FaultySound(deed="refusal", step="start")
    pictures = FaultyPicture(deed="refusal", step="needs")
    clip = make.video("descent.mp4", list(range(10)), sound_hz=440.0).path
    found = [one.manifest for one in derived(clip, tmp_path / "together", made, refused, pictures)]
    assert [one.verdict for one in found] == ["made", "refused", "refused"]
    assert isinstance(found[0].source_facts, dict)
    assert found[1].source_facts == found[0].source_facts
    assert found[2].source_facts is None
