"""An item as figures that a person can read and that any machine finds again.

Encoders and arithmetic differ in the last digits from one type of CPU to another, so bytes of pictures, sound and
floating point are not compared, what they hold is. Text and whole numbers are taken as they are.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import av
import cv2
import numpy as np
import pyarrow.parquet as pq
import xarray
from PIL import Image, ImageSequence

Figure = None | bool | int | float | str | list[Any]
Figures = dict[str, Figure]
"""Figures by a dotted name; lists hold plain values."""

LONG = 12
"""A longer list of numbers is summed up."""
DIGITS = 7
GRID = 4
PICTURES = (".jpg", ".png", ".webp", ".avif")
CLIPS = (".mp4", ".m4a", ".mka", ".opus", ".flac", ".wav")


def figures_of(path: Path, name: str) -> Figures:
    """What the item at `path` holds; `name` tells its kind."""
    return _of_bytes(path.read_bytes(), name, path)


def figures_of_record(record: Any, name: str = "") -> Figures:
    """Every value of nested JSON by its dotted name; long lists of numbers as their sums."""
    if isinstance(record, dict):
        found: Figures = {}
        for key, value in record.items():
            found |= figures_of_record(value, f"{name}.{key}" if name else key)
        return found or {name: "{}"}
    if isinstance(record, list):
        numbers = _array(record)
        if numbers is not None and numbers.size > LONG:
            return summed(numbers, name)
        if not any(isinstance(value, dict | list) for value in record):
            plain = [_short(value) for value in record]
            long = len(plain) > LONG
            return {f"{name}.count": len(plain), f"{name}.sha256": _digest(plain)} if long else {name: plain}
        found = {}
        for number, value in enumerate(record):
            found |= figures_of_record(value, f"{name}[{number}]")
        return found
    return {name: _short(record)}


def summed(values: np.ndarray, name: str) -> Figures:
    """A few numbers that move when any value, or the order, does."""
    flat = values.astype(np.float64).ravel()
    missing = int(np.isnan(flat).sum())
    flat = np.nan_to_num(flat)
    shape = " x ".join(str(length) for length in values.shape)
    found: Figures = {name: f"{values.dtype} {shape}" + (f", {missing} missing" if missing else "")}
    rms = float(np.sqrt(np.mean(flat**2))) if flat.size else 0.0
    if not rms:
        return found | {f"{name}.rms": 0.0}
    ramp = (np.arange(flat.size) + 0.5) / flat.size
    parts = (flat.mean(), (flat * ramp).mean())
    found[f"{name}.rms"] = _short(rms)
    found[f"{name}.mean_and_ramp_over_rms"] = [round(float(part) / rms, 6) for part in parts]
    found[f"{name}.least_and_most_over_rms"] = [round(float(edge) / rms, 4) for edge in (flat.min(), flat.max())]
    if values.dtype.kind == "f" and flat.min() >= 0:
        found[f"{name}.mean_log10"] = round(float(np.log10(flat[flat > 0]).mean()), 4)
    return found


def _short(value: Any) -> Figure:
    if isinstance(value, bytes):
        return value.hex()
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def _digest(values: list[Figure]) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()


def _array(values: Sequence[Any]) -> np.ndarray | None:
    """Numbers, or equally long lists of numbers, as an array; None for anything else."""
    if not values or not all(isinstance(row, list) for row in values):
        return _numbers(values)
    rows = [_numbers(row) for row in values]
    known = [row for row in rows if row is not None]
    return np.stack(known) if len(known) == len(rows) and len({row.size for row in known}) == 1 else None


def _numbers(values: Sequence[Any]) -> np.ndarray | None:
    """The list as an array; None where it holds anything but numbers, or numbers and None."""
    if not all(value is None or (isinstance(value, int | float) and not isinstance(value, bool)) for value in values):
        return None
    if all(value is None for value in values):
        return None
    if all(isinstance(value, int) for value in values):
        return np.array(values)
    return np.array([np.nan if value is None else float(value) for value in values])


def _of_bytes(data: bytes, name: str, path: Path | None = None) -> Figures:
    suffix = PurePosixPath(name).suffix
    if suffix in PICTURES:
        return _of_picture(data, suffix)
    if suffix in (".json", ".otio"):
        return figures_of_record(json.loads(data))
    if suffix == ".csv":
        return _of_table(data.decode())
    if suffix in (".txt", ".edl", ".vtt"):
        return _of_hashes(data.decode()) if name == "framehash.txt" else {"lines": data.decode().splitlines()}
    if suffix == ".zip":
        return _of_archive(data)
    if suffix == ".npz":
        found: Figures = {}
        with np.load(io.BytesIO(data)) as arrays:
            for key in arrays.files:
                found |= summed(arrays[key], key)
        return found
    if path is not None and suffix == ".parquet":
        return _of_parquet(path)
    if path is not None and suffix == ".nc":
        return _of_netcdf(path)
    if path is not None and suffix in CLIPS:
        return _of_clip(path)
    return {"size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def _of_picture(data: bytes, suffix: str) -> Figures:
    """Size, kind, mean level of each of 4 x 4 parts, and how much neighbours differ, channel by channel."""
    found: Figures = {}
    with Image.open(io.BytesIO(data)) as image:
        found["size_px"], found["mode"] = list(image.size), image.mode
        found["profile"] = len(image.info.get("icc_profile") or b"")
        frames = getattr(image, "n_frames", 1)
        if frames > 1:
            found["durations_ms"] = durations = list[Figure]()
            for frame in ImageSequence.Iterator(image):
                frame.load()
                durations.append(int(frame.info["duration"]))
        image.seek(frames // 2)
        pixels = np.asarray(image.convert("RGB") if image.mode == "P" else image)
    if suffix == ".png":
        deep = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        assert deep is not None
        found["bits"] = deep.dtype.itemsize * 8
        pixels = deep if deep.dtype == np.uint16 else pixels
    return found | {"about_kilobytes": len(data) / 1000} | _levels(pixels)


def _levels(pixels: np.ndarray, name: str = "") -> Figures:
    planes = np.atleast_3d(pixels).astype(np.float64) / (257 if pixels.dtype == np.uint16 else 1)
    found: Figures = {}
    for channel in range(planes.shape[2]):
        plane = planes[:, :, channel]
        parts = [part for band in np.array_split(plane, GRID) for part in np.array_split(band, GRID, axis=1)]
        found[f"{name}levels_{channel}"] = [round(float(part.mean()), 2) for part in parts if part.size]
    steps = [np.abs(np.diff(planes, axis=axis)).mean() for axis in (0, 1) if planes.shape[axis] > 1]
    found[f"{name}steps"] = [round(float(step), 3) for step in steps]
    return found


def _of_hashes(text: str) -> Figures:
    """Head, first and last row of FFmpeg's framehash, without its version and the hashes: they depend on its build."""
    lines = [line for line in text.splitlines() if not line.startswith("#software")]
    head, rows = [one for one in lines if one.startswith("#")], [one for one in lines if not one.startswith("#")]
    return {"lines": [*head, *(row.rpartition(",")[0] for row in (rows[0], rows[-1]))], "rows": len(rows)}


def _of_table(text: str) -> Figures:
    """Columns of a CSV; comments before it as lines. A long column of numbers is summed up."""
    lines = text.splitlines()
    remarks = [line for line in lines if line.startswith("#")]
    rows = list(csv.reader(line for line in lines if not line.startswith("#")))
    found: Figures = {"remarks": [*remarks]} if remarks else {}
    if not rows:
        return found
    head, *body = rows
    found["columns"], found["rows"] = [*head], len(body)
    for place, column in enumerate(head):
        found |= figures_of_record([_cell(row[place]) for row in body], column)
    return found


def _cell(text: str) -> Any:
    """A number where the text is one, but for a digest that has no letter in it."""
    if text == "":
        return None
    if text.lstrip("-").isdecimal():
        return int(text) if len(text) < 20 else text
    try:
        return float(text)
    except ValueError:
        return text


def _of_archive(data: bytes) -> Figures:
    """Each member: a picture as its size and mean level, others in full."""
    found: Figures = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            content = archive.read(name)
            if name.endswith(PICTURES):
                with Image.open(io.BytesIO(content)) as image:
                    level = np.asarray(image).mean()
                    found[name] = [*image.size, image.mode, round(float(level), 2)]
            elif not name.endswith("/"):
                found |= {f"{name}: {key}": value for key, value in _of_bytes(content, name).items()}
    return found


def _of_parquet(path: Path) -> Figures:
    table = pq.read_table(path)
    found: Figures = {
        f"about.{key.decode()}": value.decode()
        for key, value in (table.schema.metadata or {}).items()
        if not key.startswith((b"ARROW", b"pandas"))
    }
    for field in table.schema:
        values = table.column(field.name).to_pylist()
        found[f"{field.name}.stored_as"] = str(field.type)
        found |= figures_of_record(values, field.name)
    return found


def _of_netcdf(path: Path) -> Figures:
    found: Figures = {}
    with xarray.open_dataset(path, engine="h5netcdf", decode_cf=False) as array:
        found |= figures_of_record({key: _plain(value) for key, value in array.attrs.items()}, "attributes")
        for name, variable in array.variables.items():
            found[f"{name}.dimensions"] = [str(dimension) for dimension in variable.dims]
            found |= figures_of_record(
                {key: _plain(value) for key, value in variable.attrs.items()}, f"{name}.attributes"
            )
            values = np.asarray(variable.values)
            found |= summed(values, str(name)) if values.dtype.kind in "fiub" else {f"{name}.values": str(values)}
    return found


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def _of_clip(path: Path) -> Figures:
    """Of each stream: codec, size, count, times, and three frames' levels or the sound's levels."""
    found: Figures = {"about_kilobytes": path.stat().st_size / 1000}
    with av.open(str(path)) as container:
        found["tags"] = [f"{key}={value}" for key, value in sorted(container.metadata.items())]
        count = len(container.streams)
    for index in range(count):
        with av.open(str(path)) as container:
            stream = container.streams[index]
            name = f"stream_{index}"
            found[f"{name}.codec"] = stream.codec_context.name
            if isinstance(stream, av.VideoStream):
                found |= _of_film(container, stream, name)
            elif isinstance(stream, av.AudioStream):
                found |= _of_sound(container, stream, name)
    return found


def _of_film(container: Any, stream: av.VideoStream, name: str) -> Figures:
    frames = list(container.decode(stream))
    found: Figures = {
        f"{name}.size_px": [stream.width, stream.height], f"{name}.format": stream.pix_fmt,
        f"{name}.frame_count": len(frames), f"{name}.keyframe_count": sum(frame.key_frame for frame in frames),
    }  # fmt: skip
    found |= summed(np.array([frame.time for frame in frames]), f"{name}.times_seconds")
    for place in sorted({0, len(frames) // 2, len(frames) - 1}):
        found |= _levels(frames[place].to_ndarray(format="gray"), f"{name}.picture_{place}.")
    return found


def _of_sound(container: Any, stream: av.AudioStream, name: str) -> Figures:
    blocks = [frame.to_ndarray() for frame in container.decode(stream)]
    channels = stream.channels
    planar = [block if block.shape[0] == channels else block.reshape(-1, channels).T for block in blocks]
    samples = np.concatenate(planar, axis=1).astype(np.float64)
    if blocks[0].dtype.kind == "i":
        samples /= 2.0 ** (8 * blocks[0].dtype.itemsize - 1)
    parts = np.array_split(samples, GRID, axis=1)
    found: Figures = {
        f"{name}.rate_hz": stream.rate, f"{name}.layout": stream.layout.name,
        f"{name}.sample_format": stream.format.name, f"{name}.sample_count": samples.shape[1],
    }  # fmt: skip
    for channel in range(channels):
        found[f"{name}.rms_of_parts_{channel}"] = [
            float(f"{np.sqrt((part[channel] ** 2).mean()):.5g}") for part in parts
        ]
    return found
