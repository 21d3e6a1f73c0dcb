"""No result of a sound depends on the length of the blocks in which it is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from flows.recipes import ON_REQUEST, RECIPES
from processors.audio.reading import libsndfile_reader
from tests.helpers.derived import derived

RATE_HZ = 48_000
OF_SOUND = [one for recipes in (RECIPES, ON_REQUEST) for one in recipes["audio"] if one.name.startswith("audio.")]


@pytest.mark.parametrize("hole", [False, True], ids=["whole", "with missing samples"])
def test_every_processor_gives_the_same_bytes_for_short_and_long_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hole: bool
) -> None:
    time = np.arange(5 * RATE_HZ) / RATE_HZ
    noise = np.random.default_rng(1).normal(0, 0.05, (2, time.size))
    sound = (noise + 0.3 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
    if hole:
        sound[:, RATE_HZ : RATE_HZ * 3 // 2] = np.nan
    soundfile.write(tmp_path / "sound.wav", sound.T, RATE_HZ, subtype="FLOAT")
    made = []
    for samples in (1024, 1 << 17):
        monkeypatch.setattr(libsndfile_reader, "BLOCK_SAMPLES", samples)
        results = derived(tmp_path / "sound.wav", tmp_path / f"store-{samples}", *OF_SOUND)
        made.append(
            {
                one.manifest.ref.processor: (
                    one.manifest.verdict,
                    one.manifest.reason,
                    [(item.name, item.sha256) for item in one.manifest.items],
                )
                for one in results
            }
        )
    short, long = made
    assert short == long
    assert {verdict for verdict, _, _ in short.values()} <= {"made", "refused"}
    assert set(short) == {one.name for one in OF_SOUND}
