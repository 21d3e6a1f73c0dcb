"""`show` says what a video's colours were taken for."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
import soundfile
from click.testing import CliRunner
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from flows.cli import show
from flows.cli.main import main
from flows.cli.printing import fact_words, print_table
from processors.audio.envelope import Envelope
from processors.audio.levels.levels import Levels
from processors.engine.wanted_results import Recipes
from processors.identify import identify
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.metadata.properties import Properties
from processors.photo.photo_preview import PhotoPreview
from processors.video.audit.integrity import Integrity
from processors.video.audit.measurements import Measurements
from processors.video.subtitles.subtitles import Subtitles
from tests.helpers.command import in_this_process
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest

XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" {}/></rdf:RDF></x:xmpmeta>'
)


def test_show_names_the_colours_that_were_assumed(tmp_path: Path) -> None:
    (tmp_path / "raw" / "r").mkdir(parents=True)
    made = MediaMaker(tmp_path).video("clip.mp4", ticks=[0, 1, 2, 3])
    made.path.rename(tmp_path / "raw" / "r" / "clip.mp4")
    ingest(tmp_path / "raw", tmp_path / "store", {"video": (Metadata(), Measurements()), "audio": (), "photo": ()})
    answer = CliRunner().invoke(show.show, ["clip.mp4", "--store", str(tmp_path / "store")])
    (line,) = [line for line in answer.output.splitlines() if line.startswith("  colour: ")]
    assert line == (
        "  colour: range limited; not tagged, so assumed: matrix SMPTE 170M, primaries as sRGB, transfer as sRGB"
    )


def test_colours_that_are_tagged_are_named_alone() -> None:
    colour = {"primaries": "BT.2020", "transfer": "PQ", "matrix": "BT.2020", "range": "limited", "assumed": []}
    assert fact_words.fact_in_words("colour", colour) == "primaries BT.2020, transfer PQ, matrix BT.2020, range limited"


def test_the_reports_on_picture_and_sound_are_distinct(tmp_path: Path) -> None:
    (tmp_path / "raw" / "r").mkdir(parents=True)
    made = MediaMaker(tmp_path).video("clip.mp4", ticks=list(range(25)), sound_hz=440.0)
    made.path.rename(tmp_path / "raw" / "r" / "clip.mp4")
    ingest(tmp_path / "raw", tmp_path / "store", {"video": (Measurements(), Envelope()), "audio": (), "photo": ()})
    answer = CliRunner().invoke(show.show, ["clip.mp4", "--store", str(tmp_path / "store")])
    assert sorted(line for line in answer.output.splitlines() if line.startswith("Decoding report")) == [
        "Decoding report of the picture (all of it: --json):",
        "Decoding report of the sound (all of it: --json):",
    ]


def test_only_refused_shots_are_listed() -> None:
    assert show._known({"shots": [1, 2]}) == []
    refused = [{"shot": 1, "refused_because": None}, {"shot": 2, "refused_because": "it turns"}]
    assert show._known({"shots": refused}) == ["shot 2 refused: it turns"]
    uneven = {"shot": 1, "missing_before_seconds": [1.8], "contact_drift": 0.95, "contact_drift_sigma": 0.3}
    uneven |= {"steps_repeat_after_frames": 5, "steps_swing_share": 0.047}
    assert show._known({"shots": [uneven]}) == [
        "shot 1: pictures seem to be missing before 1.80 s: the step there is a multiple of those around it",
        "shot 1: its steps repeat every 5 frames and swing by 4.7% (rms), as after a conversion of the rate, "
        "or as a codec with B-frames does it: standard errors of rates hold it",
        "shot 1: the camera slows down: the moment of contact moves by +0.9 s in a second, and "
        "time_to_contact_seconds is for the speed at the last frame",
    ]
    even = {"missing_before_seconds": [], "contact_drift_sigma": 0.5, "steps_repeat_after_frames": None}
    assert show._known({"shots": [uneven | even]}) == []


def test_the_verdict_on_a_format_without_checks_is_qualified(tmp_path: Path) -> None:
    (tmp_path / "raw" / "r").mkdir(parents=True)
    picture = Image.new("RGB", (64, 48))
    picture.save(tmp_path / "raw/r/a.jp2")
    pillow_heif.from_pillow(picture).save(tmp_path / "raw/r/b.heic")
    ingest(tmp_path / "raw", tmp_path / "store")
    expected = {"a.jp2": "JPEG 2000 has no checksum, and about 50", "b.heic": "HEIC has no checksum, and about 30"}
    for name, words in expected.items():
        answer = CliRunner().invoke(show.show, [name, "--store", str(tmp_path / "store")])
        (line,) = [line for line in answer.output.splitlines() if line.startswith("  verdict")]
        assert line == f"  verdict  no damage found, which proves little: {words} % of changed bytes go unnoticed"


def test_a_mistake_in_a_file_next_to_it_is_no_damage(tmp_path: Path) -> None:
    june = tmp_path / "raw" / "june"
    june.mkdir(parents=True)
    Image.new("RGB", (64, 48)).save(june / "photo.jpg")
    MediaMaker(june).video("clip.mp4", ticks=list(range(5)))
    (june / "clip.en.srt").write_text("no subtitle\n")
    (june / "release.toml").write_text('[[file]]\npath = "photo.jpg"\nmission = "curiosity"\n')
    made = (Metadata(), Evidence())
    recipes: Recipes = {"video": (*made, Measurements(), Subtitles()), "audio": (), "photo": (*made, PhotoPreview())}
    ingest(tmp_path / "raw", tmp_path / "store", recipes)
    for name, reason in (
        ("photo.jpg", "failed: release.toml, line 3: mission: unknown mission ('curiosity')"),
        ("clip.mp4", "failed: clip.en.srt has no subtitle with a time and a text"),
    ):
        told = CliRunner().invoke(show.show, [name, "--store", str(tmp_path / "store")]).output
        assert "  verdict  no damage found\n" in told
        assert reason in told
    options = ("--audience", "internal", "-o", f"{tmp_path}/pack", "--store", f"{tmp_path}/store")
    answer = in_this_process("pack", "*", *options)
    assert answer.returncode == 0, answer.stderr
    assert "damaged" not in answer.stderr
    assert "not in the pack: video.subtitles of june/clip.mp4: failed: clip.en.srt has no subtitle" in answer.stderr
    assert "Damaged or incomplete" not in (tmp_path / "pack/README.txt").read_text(encoding="utf-8")


def test_turned_pictures_have_the_size_that_players_show(tmp_path: Path) -> None:
    (tmp_path / "raw" / "r").mkdir(parents=True)
    exif = Image.Exif()
    exif[0x112] = 6
    Image.new("RGB", (128, 96)).save(tmp_path / "raw/r/photo.jpg", exif=exif)
    made = MediaMaker(tmp_path).video("clip.mp4", ticks=list(range(5)))
    turned = ("-i", str(made.path), "-c", "copy", "-metadata:s:v", "rotate=90", str(tmp_path / "raw/r/clip.mp4"))
    subprocess.run(["ffmpeg", "-v", "error", *turned], check=True)
    recipes: Recipes = {"video": (Metadata(), Measurements()), "audio": (), "photo": (Metadata(), PhotoPreview())}
    ingest(tmp_path / "raw", tmp_path / "store", recipes)
    for name in ("photo.jpg", "clip.mp4"):
        told = CliRunner().invoke(show.show, [name, "--store", str(tmp_path / "store")]).output
        assert "  picture  96 x 128 px, " in told
        record = CliRunner().invoke(show.show, [name, "--json", "--store", str(tmp_path / "store")]).output
        known = json.loads(record)["properties"]
        assert (known["width_px"], known["height_px"]) == (96, 128)


def test_a_photo_without_preview_has_its_upright_size(tmp_path: Path) -> None:
    (tmp_path / "raw" / "r").mkdir(parents=True)
    exif = Image.Exif()
    exif[0x112] = 8
    picture = Image.new("RGB", (128, 96))
    picture.save(tmp_path / "raw/r/a.jpg", exif=exif)
    picture.save(tmp_path / "raw/r/b.tif", tiffinfo={0x112: 6})
    xmp = PngInfo()
    xmp.add_itxt("XML:com.adobe.xmp", XMP.format('tiff:Orientation="5"'))
    picture.save(tmp_path / "raw/r/c.png", pnginfo=xmp)
    picture.save(tmp_path / "raw/r/d.webp", exif=exif)
    ingest(tmp_path / "raw", tmp_path / "store", {"video": (), "audio": (), "photo": (Metadata(),)})
    for name in ("a.jpg", "b.tif", "c.png", "d.webp"):
        told = CliRunner().invoke(show.show, [name, "--store", str(tmp_path / "store")]).output
        assert "  picture  96 x 128 px, " in told, name
        record = CliRunner().invoke(show.show, [name, "--json", "--store", str(tmp_path / "store")]).output
        known = json.loads(record)["properties"]
        assert (known["width_px"], known["height_px"]) == (96, 128), name


def test_the_length_is_that_of_all_joined_recordings(tmp_path: Path) -> None:
    folder = tmp_path / "raw" / "r"
    folder.mkdir(parents=True)
    made = MediaMaker(tmp_path).video("clip.mp4", ticks=list(range(50)), sound_hz=440.0).path
    for suffix, codec in (("ts", "copy"), ("mkv", "copy"), ("mpg", "mpeg2video")):
        part = tmp_path / f"part.{suffix}"
        coding = ("-c", "copy") if codec == "copy" else ("-c:v", codec, "-c:a", "mp2")
        subprocess.run(["ffmpeg", "-v", "error", "-i", str(made), *coding, str(part)], check=True)
        (folder / f"two.{suffix}").write_bytes(2 * part.read_bytes())
    recipes: Recipes = {"video": (Metadata(), Measurements(), Integrity(), Levels()), "audio": (), "photo": ()}
    ingest(tmp_path / "raw", tmp_path / "store", recipes)
    for name in ("two.ts", "two.mkv", "two.mpg"):
        told = CliRunner().invoke(show.show, [name, "--store", str(tmp_path / "store")]).output
        (line,) = [line for line in told.splitlines() if line.startswith("  length")]
        stated = r" \(2\.\d+ s by its headers\)" if name == "two.mkv" else ""  # the others have none that state it
        assert re.fullmatch(rf"  length   4(\.\d+)? s{stated}", line), (name, line)
        assert "100 frames in 4.000 s" in told
        record = CliRunner().invoke(show.show, [name, "--json", "--store", str(tmp_path / "store")]).output
        assert json.loads(record)["properties"]["duration_seconds"] == pytest.approx(4.1, abs=0.11)


@pytest.mark.parametrize("name", ["a.mpg", "a.ts"])
def test_the_length_of_a_stream_that_states_none_is_that_of_its_pictures(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "raw" / "r"
    folder.mkdir(parents=True)
    coding = ("-c:v", "mpeg2video", "-g", "50", "-q:v", "31", str(folder / name))
    source = "color=black:s=128x96:r=25:d=1"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, *coding], check=True)
    ingest(tmp_path / "raw", tmp_path / "store", {"video": (Metadata(), Measurements(), Integrity())})
    told = CliRunner().invoke(show.show, [name, "--store", str(tmp_path / "store")]).output
    assert "\n  length   1 s\n" in told


def test_the_clock_of_a_join_is_named_unless_it_begins_at_0(tmp_path: Path) -> None:
    folder = tmp_path / "raw" / "r"
    folder.mkdir(parents=True)
    made = MediaMaker(tmp_path).video("clip.mp4", ticks=list(range(50))).path
    for name, offset in (("late.ts", "9"), ("late.mkv", "9"), ("plain.mkv", "0")):
        part = tmp_path / name
        coding = ("-c", "copy", "-output_ts_offset", offset, "-muxpreload", "0", "-muxdelay", "0", str(part))
        subprocess.run(["ffmpeg", "-v", "error", "-i", str(made), *coding], check=True)
        (folder / name).write_bytes(2 * part.read_bytes())
    ingest(tmp_path / "raw", tmp_path / "store", {"video": (Metadata(), Measurements(), Integrity())})
    for name, starts in (("late.ts", 9.0), ("late.mkv", 9.0), ("plain.mkv", 0.0)):
        told = CliRunner().invoke(show.show, [name, "--store", str(tmp_path / "store")]).output
        clock = "  clock    times below are the file's, 9.000 s at the first picture; players count from it\n"
        assert (clock in told) == bool(starts), name
        assert f"2 recordings joined end to end, at {starts + 2:.3f} s." in told, name


def test_a_longer_track_of_time_codes_is_not_the_length(tmp_path: Path) -> None:
    folder = tmp_path / "raw" / "r"
    folder.mkdir(parents=True)
    made = MediaMaker(tmp_path).video("clip.mp4", ticks=list(range(75)), keyframe_every=25).path
    whole = tmp_path / "whole.mov"
    coded = ("-i", str(made), "-c", "copy", "-timecode", "10:00:00:00", str(whole))
    cut = ("-ss", "1", "-i", str(whole), "-c", "copy", str(folder / "cut.mov"))
    for arguments in (coded, cut):
        subprocess.run(["ffmpeg", "-v", "error", *arguments], check=True)
    ingest(tmp_path / "raw", tmp_path / "store", {"video": (Metadata(), Integrity()), "audio": (), "photo": ()})
    told = CliRunner().invoke(show.show, ["cut.mov", "--store", str(tmp_path / "store")]).output
    assert "  length   2 s" in told.splitlines()
    assert "50 frames in 2.000 s." in told
    with (folder / "cut.mov").open("rb") as file:  # and so in pages and packs
        assert identify(file, "cut.mov").duration_seconds == 2.0


def test_chained_ogg_names_its_recordings_and_their_whole_length(tmp_path: Path) -> None:
    folder = tmp_path / "raw" / "r"
    folder.mkdir(parents=True)
    coders = {"vorbis": ("libvorbis", 3, 48000, 2), "opus": ("libopus", 4, 48000, 2), "other": ("flac", 2, 44100, 1)}
    parts: dict[str, bytes] = {}
    for name, (codec, seconds, rate_hz, channels) in coders.items():
        sine = f"sine=r={rate_hz}:d={seconds}"
        coding = ("-ac", str(channels), "-c:a", codec, "-metadata", f"title={name}", "-f", "ogg")
        command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", sine, *coding, str(tmp_path / name)]
        subprocess.run(command, check=True)
        parts[name] = (tmp_path / name).read_bytes()
    (folder / "same.ogg").write_bytes(parts["vorbis"] + parts["opus"])
    (folder / "other.ogg").write_bytes(parts["opus"] + parts["other"])
    ingest(tmp_path / "raw", tmp_path / "store", {"audio": (Metadata(), Levels()), "video": (), "photo": ()})
    same, other = (
        CliRunner().invoke(show.show, [name, "--store", str(tmp_path / "store")]).output.splitlines()
        for name in ("same.ogg", "other.ogg")
    )
    assert {"  length   7 s", "  joined: opus from 3.000 s", "  sample_count_decoded: 336000"} <= set(same)
    assert {
        "  length   6 s",
        "  verdict  damaged: another recording, of 44100 Hz and 1 channels, follows at 4.000 s",
    } <= set(other)
    record = CliRunner().invoke(show.show, ["same.ogg", "--json", "--store", str(tmp_path / "store")]).output
    (metadata,) = (one for one in json.loads(record)["results"] if one["ref"]["processor"] == "metadata")
    text = json.loads((tmp_path / "store" / "results" / metadata["folder"] / "metadata.json").read_text())
    second = {tag["name"]: tag["value"] for tag in text["tags"] if tag["namespace"] == "recording.2"}
    expected = {"start_seconds": 3.0, "codec": "opus", "rate_hz": 48000, "channel_count": 2, "title": "opus"}
    assert {name: second[name] for name in expected} == expected
    assert text["container_duration_seconds"] == 7.0


def test_oddities_are_reported_in_sentences() -> None:
    usual = {"orientation": 1, "frame_count": 1, "shrunk_by": 1, "mode": "RGB", "trailing_kind": "another JPEG"}
    assert fact_words.fact_lines(usual) == {"mode": "RGB", "colour": "not tagged; taken as sRGB"}
    tagged = {"orientation": 6, "colour": None, "colour_source": "ICC profile", "icc_profile_name": "Display P3"}
    assert fact_words.fact_lines(tagged) == {"orientation": "6", "colour": "by its ICC profile, Display P3"}
    nclx = {"orientation": 1, "colour": "Display P3, sRGB", "colour_source": "nclx"}
    assert fact_words.fact_lines(nclx) == {"colour": "Display P3, sRGB (from nclx)"}
    several = {"orientation": 1, "frame_count": 20, "colour": "BT.709, sRGB", "colour_source": "nclx"}
    assert fact_words.fact_lines(several)["frame_count"] == "20, of which one is shown"
    other = {"stream_index": 1, "codec": "aac", "channel_count": 6, "language": "und", "title": None}
    gap = {"start_seconds": 0.0232, "end_seconds": 0.1339}
    assert fact_words.fact_lines({"other_streams": [other], "time_gaps": [gap]}) == {
        "other_streams": "stream 1: aac, 6 channels",
        "time_gaps": "0.023 s to 0.134 s",
    }


def test_a_pass_that_skipped_frames_is_hidden_by_one_that_did_not() -> None:
    quick = {"frame_count_from_packets": 150, "frame_count_decoded": 103, "frame_count_skipped": 47}
    whole = {"frame_count_from_packets": 150, "frame_count_decoded": 150, "frame_count_skipped": 0}
    damaged = {**whole, "frame_count_lost": 1}
    assert fact_words.fullest([quick, whole]) == fact_words.fullest([whole, quick]) == [whole]
    assert fact_words.fullest([quick, damaged]) == [quick, damaged]


def test_properties_are_in_everyday_words() -> None:
    photo = Properties(width_px=64, height_px=48, picture_codec="jpeg2000", picture_mode="I;16")
    assert print_table.picture(photo) == "64 x 48 px, JPEG 2000, grey, 16 bits"
    film = Properties(width_px=64, height_px=48, frame_rate_hz=25.0, picture_codec="libdav1d")
    assert print_table.picture(film) == "64 x 48 px, 25 frames/s, av1"
    assert print_table.sound(Properties(sound_codec="mp3float", sample_rate_hz=44100, channel_count=1)) == (
        "mp3, 44.1 kHz, 1 channel"
    )
    assert (print_table.length(1 / 48000), print_table.length(12.27)) == ("20.8 µs", "12.27 s")


@pytest.mark.parametrize(
    ("rate_hz", "words"), [(29.97002997, "29.97"), (60_000.0, "60,000"), (12_345.6, "12,346"), (0.00001, "0.000010")]
)
def test_a_frame_rate_is_never_told_as_a_power_of_ten(rate_hz: float, words: str) -> None:
    assert print_table.picture(Properties(frame_rate_hz=rate_hz)) == f"{words} frames/s"


def test_samples_that_are_no_numbers_are_counted_in_the_verdict(tmp_path: Path) -> None:
    sound = np.zeros(4800, np.float32)
    sound[100:244] = np.nan
    (tmp_path / "raw" / "june").mkdir(parents=True)
    soundfile.write(tmp_path / "raw" / "june" / "a.wav", sound, 48000, subtype="FLOAT")
    ingest(tmp_path / "raw", tmp_path / "store", {"video": (), "photo": (), "audio": (Levels(), Metadata())})
    told = CliRunner().invoke(main, ["show", "a.wav", "--store", str(tmp_path / "store")]).output
    assert "verdict  no damage found, but 144 samples of the sound are NaN or infinite\n" in told


def test_a_cut_planetary_image_is_damaged_and_never_called_complete(tmp_path: Path) -> None:
    raw, store = tmp_path / "raw", tmp_path / "store"
    (raw / "a").mkdir(parents=True)
    picture = ["OBJECT = IMAGE", "LINES = 12", "LINE_SAMPLES = 16", "SAMPLE_BITS = 8", "END_OBJECT = IMAGE"]
    lines = ["PDS_VERSION_ID = PDS3", "RECORD_BYTES = 16", '^IMAGE = "X.IMG"', *picture]
    lines.insert(4, "SAMPLE_TYPE = UNSIGNED_INTEGER")
    whole = bytes(range(192))
    (raw / "a" / "X.IMG").write_bytes(whole[:100])
    (raw / "a" / "X.LBL").write_text("\r\n".join([*lines, "END", ""]))
    ingest(raw, store, {"photo": (Metadata(), Evidence(), PhotoPreview())})
    words = (
        "the picture is truncated: up to 47.9 % of the picture may be wrong, from row 6 of 12 on (its label declares "
        "192 bytes of pixels, but the file has 100)"
    )
    output = CliRunner().invoke(main, ["show", "X.IMG", "--store", str(store)]).output
    assert f"  verdict  damaged: {words}\n" in output
    assert "  condition: truncated\n" in output
    (raw / "a" / "X.IMG").write_bytes(whole)
    digest = "0" * 32
    (raw / "a" / "X.LBL").write_text("\r\n".join([*lines, f'MD5_CHECKSUM = "{digest}"', "END", ""]))
    ingest(raw, store, {"photo": (Metadata(), Evidence(), PhotoPreview())})
    output = CliRunner().invoke(main, ["show", "X.IMG", "--store", str(store)]).output
    assert "  verdict  damaged: MD5 of the file is " in output
    assert "  condition: no damage noticed by the decoder\n" in output
