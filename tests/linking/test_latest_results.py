"""Of several results of a processor on a source, the latest is compared and measured, whatever the order of keys."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from flows.cli.main import main
from processors.audio.spectrogram.spectrogram import Spectrogram
from processors.contract import Processor, result_key
from processors.linking import find_links as find_links_module
from processors.linking.find_links import find_links, same_pictures
from processors.linking.same_sound import Course, course_of
from processors.photo.photo_preview import PhotoPreview
from processors.photo.quality import Quality
from processors.store.catalogue.decoded_length import decoded_length
from processors.store.catalogue.rebuild_catalogue import rebuild_catalogue
from processors.store.manifest import ResultRef
from processors.store.store import Store
from processors.video.audit.integrity import Integrity
from processors.video.audit.measurements import Measurements
from tests.helpers.derived import derived
from tests.helpers.made_media import MediaMaker
from tests.helpers.made_sounds import changing_sound, write_wav
from tests.helpers.video_scenes import scene as moving_scene
from tests.helpers.video_scenes import write
from tests.linking.test_links import jpeg, scene

P = TypeVar("P", bound=Processor)


def earlier_and_later(choices: Sequence[P], sources: Sequence[str]) -> tuple[P, P]:
    """Two of these processors, the first with the larger keys: an order by keys takes it for the later one."""
    return next(
        (one, other)
        for one, other in permutations(choices, 2)
        if all(result_key(one, digest) > result_key(other, digest) for digest in sources)
    )


def spoil(store: Store, processor: Processor, sources: Sequence[str]) -> None:
    """Make the items of these results unreadable, so that nobody can have read them."""
    for digest in sources:
        ref = ResultRef(source=digest, processor=processor.name, key=result_key(processor, digest))
        for item in store.manifest(ref).items:
            store.item_path(ref, item.name).write_bytes(b"it is not to be opened")


def test_pictures_of_the_latest_previews_are_compared(tmp_path: Path) -> None:
    store, paths = Store(tmp_path / "store"), [tmp_path / "a.png", tmp_path / "b.png"]
    for path, picture in zip(paths, (scene(1), jpeg(scene(1), 95)), strict=True):
        Image.fromarray(picture).save(path)
    sources = [derived(path, store.root, Quality())[0].manifest.ref.source for path in paths]
    choices = [PhotoPreview(formats=("jpeg",), quality=quality) for quality in range(70, 90)]
    earlier, later = earlier_and_later(choices, sources)
    for processor in (earlier, later):
        for path in paths:
            derived(path, store.root, processor)
    spoil(store, earlier, sources)
    rebuild_catalogue(store)
    for found in (find_links(store).links, same_pictures(sources, store)):
        assert [(one.kind, {one.here.source, one.there.source}) for one in found] == [("same picture", set(sources))]


def test_sounds_of_the_latest_spectrograms_are_compared(tmp_path: Path) -> None:
    store, paths = Store(tmp_path / "store"), [tmp_path / "a.wav", tmp_path / "b.wav"]
    sound = changing_sound(8)
    for path, part in zip(paths, (sound, sound[2 * 16_000 :]), strict=True):
        write_wav(path, part)
    sources = [derived(path, store.root, Spectrogram(keep="overview"))[0].manifest.ref.source for path in paths]
    earlier, later = earlier_and_later([Spectrogram(band_hz=10.0 + n) for n in range(20)], sources)
    for processor in (earlier, later):
        for path in paths:
            derived(path, store.root, processor)
    spoil(store, earlier, sources)
    rebuild_catalogue(store)
    (link,) = find_links(store).links
    assert (link.kind, link.here.source in sources, abs(round(link.offset_seconds or 0, 2))) == ("same sound", True, 2)


def test_footage_of_the_latest_measurements_is_compared(tmp_path: Path) -> None:
    store, pictures = Store(tmp_path / "store"), [moving_scene(5, 8 * frame) for frame in range(30)]
    paths = [tmp_path / "one.mp4", tmp_path / "two.mp4"]
    for path, more in zip(paths, (6, 7), strict=True):
        write(path, [*pictures, *(moving_scene(more, 8 * frame) for frame in range(10))])
    first = Measurements(longest_side_px=64)
    sources = [derived(path, store.root, first)[0].manifest.ref.source for path in paths]
    earlier, later = earlier_and_later([Measurements(longest_side_px=side) for side in range(300, 320, 2)], sources)
    for processor in (earlier, later):
        for path in paths:
            derived(path, store.root, processor)
    spoil(store, earlier, sources)
    rebuild_catalogue(store)
    told = CliRunner().invoke(main, ["duplicates", "--store", str(store.root), "--bits", "4"])
    assert told.output.count("0:00:00.000 to 0:00:01.160") == 2


def test_the_latest_audit_says_how_long_a_video_is(make: MediaMaker, tmp_path: Path) -> None:
    store, path = Store(tmp_path / "store"), make.video("clip.mp4", list(range(50))).path
    source = derived(path, store.root, Measurements())[0].manifest.ref.source
    earlier, later = earlier_and_later([Integrity(held_levels=4.0 + n) for n in range(1, 9)], [source])
    derived(path, store.root, earlier)
    derived(path, store.root, later)
    spoil(store, earlier, [source])
    assert decoded_length(store, source, None, "mov,mp4,m4a,3gp,3g2,mj2") == 2.0


def test_recordings_that_are_not_compared_are_noted_with_the_reason(tmp_path: Path) -> None:
    store, sound = Store(tmp_path / "store"), changing_sound(6)
    write_wav(tmp_path / "whole.wav", sound)
    write_wav(tmp_path / "short.wav", sound[:16_000])
    write_wav(tmp_path / "slow.wav", sound, rate_hz=6000)
    write_wav(tmp_path / "steady.wav", np.zeros(64_000))
    write_wav(tmp_path / "overview.wav", sound[500:])
    for path in sorted(tmp_path.glob("*.wav")):
        derived(path, store.root, Spectrogram(keep="overview" if path.name == "overview.wav" else "array"))
    rebuild_catalogue(store)
    assert find_links(store).notes == [
        "sounds: 1 not compared: only the overview of their spectrogram is stored",
        "sounds: 1 not compared: nothing in them changes",
        "sounds: 1 not compared: sampled below 6.5 kHz",
        "sounds: 1 not compared: shorter than 2 s",
    ]


def test_sounds_beyond_the_limits_are_counted_in_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path / "store")
    for seed in range(3):
        write_wav(tmp_path / f"{seed}.wav", changing_sound(4, seed=seed))
        derived(tmp_path / f"{seed}.wav", store.root, Spectrogram())
    rebuild_catalogue(store)
    monkeypatch.setattr(find_links_module, "MAX_SOUND_PAIRS", 2)
    assert find_links(store).notes == ["sounds: compared only 2 of 3 pairs"]
    monkeypatch.setattr(find_links_module, "MAX_SECONDS", 9)
    assert find_links(store).notes == ["sounds: 1 not compared: the others are 0 hours long, and no more are compared"]


def test_a_quiet_sound_has_the_same_course_whatever_its_spectrogram_is_scaled_to(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "quiet.wav", changing_sound(4) * 0.001)
    results = [
        derived(path, tmp_path / "store", Spectrogram(scaling=scaling))[0] for scaling in ("mean_square", "density")
    ]
    one, other = (course_of("quiet", result.path("spectrogram.nc")) for result in results)
    assert isinstance(one, Course)
    assert isinstance(other, Course)
    assert np.abs(one.levels - other.levels).max() < 1e-3
