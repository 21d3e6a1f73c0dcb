"""Built-in sample: a small synthetic release with known properties. Above engine.

`write_release` writes five media files in the shape of Tianwen-1's release of June 2021, `release.toml` with the
agency's metadata, and `truth.json` with the known properties, recorded by the code that renders the media.

`truth.json` holds `synthetic`, the `links` between files and, under `files`, one table for each media file.
Units are in the names; ranges are
half-open (`first_frame` is included, `end_frame` is not); frames count from 0 in presentation order, and frame `i` is
shown at `i / frames_per_second` seconds; px count from the picture's top left corner, with the first pixel's centre
at 0.5. Lists without an index hold one entry per frame of their shot or of the clip.

`descent.mp4`
    `clip` (size, frames, shots and cuts, letterbox, caption's box), `parachute` (the canopy's place and size),
    `landing` (the camera's height and direction), `hazard_avoidance` (field of view, altitude, rotation, scale).
`drive-off.mp4`
    `clip`, `held_runs` (each distinct picture's first frame, length, camera, and how far the rover has driven),
    `distinct_pictures_per_shot`, `sound` (sample counts, hum, offset, wind, and impacts in clip and in WAV time).
`drive-off-sound.wav`
    `sound` again: the clip's sound is the WAV file's from `wav_starts_earlier_samples` on. The AAC stream declares
    `clip_sample_count` samples; decoders that do not trim its end output up to 1023 more.
`rover-turns.mp4`
    `clip`, `black_frames`, `fade_in`, `fade_out`, `gain`, the turn rate and the heading in every frame.
`rear-camera-tracks.png`
    The camera (a fisheye: projection, height, direction, horizon), the tracks' places, width, bend and grouser pitch in
    metres, and their centre lines in px.

Every call on one machine writes the same bytes; another ffmpeg or numpy may write others, with the same truth.
"""

from __future__ import annotations

from pathlib import Path


def write_release(folder: Path) -> list[Path]:
    """Write the sample into a folder, created if needed, and return the paths of its files.

    Each file appears whole or not at all; an existing one with the same bytes is left alone, including its date.
    """
    from processors.sample.writing import write_all

    folder.mkdir(parents=True, exist_ok=True)
    return write_all(folder)
