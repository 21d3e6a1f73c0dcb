"""Writing of the sample's files, two at a time; imported only when needed."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from processors.sample.descent import write_descent
from processors.sample.drive_off import DriveOffTruth, clip_seconds, write_drive_off
from processors.sample.files import put, put_text
from processors.sample.rear_photo import write_rear_photo
from processors.sample.release_toml import DESCENT, DRIVE_OFF, ROVER_TURNS, SOUND, TRACKS, release_toml
from processors.sample.rover_turns import write_rover_turns
from processors.sample.sound import Samples, SoundTruth, sound_truth, synthesised_recording, write_wav
from processors.sample.truth import LinkTruth

_AT_ONCE = 2
"""Files written in parallel; rendering and encoding use about one core per clip."""


def write_all(folder: Path) -> list[Path]:
    sound = sound_truth(clip_seconds())
    samples = synthesised_recording(sound)
    put(folder, SOUND.path, lambda path: write_wav(path, samples, sound.sample_rate_hz, SOUND.tags()))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        drive_off = pool.submit(_put_drive_off, folder, sound, samples)
        descent = pool.submit(put, folder, DESCENT.path, lambda path: write_descent(path, DESCENT.tags()))
        turns = pool.submit(put, folder, ROVER_TURNS.path, lambda path: write_rover_turns(path, ROVER_TURNS.tags()))
        tracks = pool.submit(put, folder, TRACKS.path, lambda path: write_rear_photo(path, TRACKS.tags()))
    truth = {
        DESCENT.path: asdict(descent.result()),
        DRIVE_OFF.path: asdict(drive_off.result()),
        SOUND.path: {"sound": asdict(sound)},
        ROVER_TURNS.path: asdict(turns.result()),
        TRACKS.path: asdict(tracks.result()),
    }
    put_text(folder, "release.toml", release_toml())
    links = [asdict(sound_link(sound))]
    told = {"synthetic": True, "links": links, "files": truth}
    put_text(folder, "truth.json", json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    return [folder / name for name in (*truth, "release.toml", "truth.json")]


def sound_link(sound: SoundTruth) -> LinkTruth:
    """Return the link: the clip's sound is the later part of the WAV file's."""
    offset_seconds = -sound.wav_starts_earlier_samples / sound.sample_rate_hz
    return LinkTruth(kind="same sound", here=DRIVE_OFF.path, there=SOUND.path, offset_seconds=offset_seconds)


def _put_drive_off(folder: Path, sound: SoundTruth, samples: Samples) -> DriveOffTruth:
    """Write the clip; its sound is passed to the encoder as a WAV file."""
    with TemporaryDirectory() as scratch:
        sound_file = Path(scratch) / "clip.wav"
        write_wav(sound_file, samples[sound.wav_starts_earlier_samples :], sound.sample_rate_hz)
        return put(folder, DRIVE_OFF.path, lambda path: write_drive_off(path, DRIVE_OFF.tags(), sound, sound_file))
