"""`marsmedia pack` builds, checks, forgets and describes packs, with exit codes that a script can trust."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from flows.run.options import Options
from flows.run.run import in_threads, run_ingest
from processors.audio.levels.levels import Levels
from processors.contract import Item
from processors.engine.wanted_results import Recipes
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.store.store import Store
from tests.audio.test_streams_of_audio import with_tones
from tests.conftest import PROJECT
from tests.helpers.command import in_this_process
from tests.helpers.interrupting import interrupt_reader
from tests.helpers.made_media import MediaMaker
from tests.helpers.pack_store import PackStore, evidence, filled

pytestmark = pytest.mark.slow
REFUSED = "a public pack cannot contain sources that may not be redistributed:"
Pack = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pack:
    """The command in this process, which loads the libraries once, over a filled store."""
    filled(tmp_path)
    monkeypatch.chdir(tmp_path)
    return packed


def packed(*arguments: str) -> subprocess.CompletedProcess[str]:
    return in_this_process("pack", *arguments)


def said(run: subprocess.CompletedProcess[str]) -> tuple[int, str]:
    return run.returncode, run.stdout + run.stderr


def test_a_pack_by_a_selection_is_built_checked_remembered_and_forgotten(pack: Pack, tmp_path: Path) -> None:
    code, text = said(pack("tracks.jpg", "-o", "june.zip", "--store", "store"))
    assert code == 0, text
    assert text.startswith(f"{tmp_path}/june.zip: ")
    assert said(pack("verify", "june.zip"))[1].endswith(" MB: no faults\n")
    (record,) = (tmp_path / "store/packs").glob("*.json")
    kept = json.loads(record.read_text())
    assert kept["pack"] == f"{tmp_path}/june.zip"
    store = Store(tmp_path / "store")
    assert {one["processor"] for one in kept["results"]} == {"evidence", "photo.preview"}
    assert {one["key"] for one in kept["results"]} <= {manifest.ref.key for manifest in store.manifests()}
    assert said(pack("forget", "june.zip", "--store", "store")) == (
        0,
        f"{tmp_path}/june.zip: forgotten; the pack itself stays\n",
    )
    assert list((tmp_path / "store/packs").iterdir()) == []
    assert said(pack("forget", "june.zip", "--store", "store")) == (
        2,
        "marsmedia: june.zip: unknown pack; known packs: none\n",
    )


def test_a_pack_by_the_template_of_a_recipe(pack: Pack, tmp_path: Path) -> None:
    assert said(pack("init", "june.toml"))[0] == 0
    assert said(pack("init", "june.toml"))[0] == 2
    assert said(pack("init", "packs/nightly/press.toml"))[0] == 0
    assert Path("packs/nightly/press.toml").read_bytes() == Path("june.toml").read_bytes()
    code, text = said(pack("june.toml", "-o", "june", "--store", "store", "--json"))
    assert code == 0, text
    told = json.loads(text)
    assert told["pack"] == f"{tmp_path}/june"
    assert (
        f"Title: A title\nExternal-Identifier: {told['identifier']}\n" in (tmp_path / "june/bag-info.txt").read_text()
    )
    told_of = 'marsmedia: the title is still that of the template, "A title": write the pack\'s own in its pack recipe'
    assert told_of in pack("june.toml", "-o", "again", "--store", "store").stderr.splitlines()
    assert told_of not in pack("june.toml", "-o", "named", "--store", "store", "--title", "June").stderr.splitlines()


def test_rights_that_are_not_cleared_are_warned_of(pack: Pack) -> None:
    run = pack("tracks.jpg", "wind.wav", "-o", "desk", "--store", "store", "--audience", "research")
    assert run.returncode == 0, run.stderr
    assert run.stderr == (
        "marsmedia: rights are not cleared for 1 of 2 sources: june/wind.wav; "
        "CREDITS.txt says why: ask the rights holder before publishing\n"
        "marsmedia: not in the pack: audio.envelope, audio.events, audio.levels, audio.spectra and 7 more of 2 "
        "sources: not made yet: run `marsmedia ingest`, then build the pack again\n"
        "no title for june; give the pack one with --title\n"
    )
    assert pack("tracks.jpg", "-o", "free", "--store", "store", "--title", "Tracks").stderr == (
        "marsmedia: not in the pack: metadata, photo.quality of 1 source: not made yet: run `marsmedia ingest`, "
        "then build the pack again\n"
    )


def test_a_recording_too_short_for_the_highlight_is_reported(pack: Pack, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.full(72000, 0.25), 48000, format="FLAC")
    made = PackStore(tmp_path)
    digest = made.source("short.flac", "audio", "flac", buffer.getvalue())
    item = Item(name="audible.flac", media_type="audio/flac", data=buffer.getvalue())
    made.result(digest, "audio.renditions", item)
    (tmp_path / "june.toml").write_text(
        'title = "June"\naudience = "internal"\nselection = ["tracks.jpg", "short.flac"]\ntake = ["stills", "sound"]\n'
        '[highlight]\nsound = "short.flac"\nseconds_each = 2\nlongest_side_px = 160\n'
    )
    run = pack("june.toml", "-o", "june", "--store", "store")
    assert run.returncode == 0, run.stderr
    assert (
        "marsmedia: highlight: short.flac has 1.5 s of sound for 2.0 s of pictures; what follows is heard as without "
        "`sound`: choose a longer recording, or shorten the clip with `seconds_each`\n"
        "marsmedia: highlight: 6.5 s of 8.0 s are silent: 6.0 s of title and credits; 0.5 s of tracks.jpg, for which "
        "no selected recording of the same event or sol is left: "
        'put a longer recording under the whole clip with `sound = "NAME"` under [highlight]\n'
    ) in run.stderr
    (tmp_path / "photo.toml").write_text(
        'title = "June"\naudience = "internal"\nselection = ["tracks.jpg"]\ntake = ["stills"]\n'
        "[highlight]\nseconds_each = 1\nlongest_side_px = 160\n"
    )
    assert (
        "marsmedia: highlight: 7.0 s of 7.0 s are silent: 6.0 s of title and credits; 1.0 s of tracks.jpg, for which "
        "no selected recording of the same event or sol is left: "
        'put a recording under the whole clip with `sound = "NAME"` under [highlight]\n'
    ) in pack("photo.toml", "-o", "photo", "--store", "store").stderr
    for mission, key in (("tianwen-1", "the same `event`, or `date`"), ("perseverance", "`date`")):
        for medium in ("photo", "audio"):
            digest = made.source(f"{mission}-{medium}", medium, "x", f"{mission}-{medium}".encode())
            made.said(digest, evidence("Rover", redistribute=True, mission=mission))
            if medium == "photo":
                made.pictures(digest, "photo.preview", {"preview_1024.jpg": (64, 48)})
            else:
                made.result(digest, "audio.renditions", item)
        (tmp_path / "silent.toml").write_text(
            f'title = "June"\naudience = "internal"\nselection = ["{mission}-*"]\ntake = ["stills", "sound"]\n'
            "[highlight]\nseconds_each = 1\nlongest_side_px = 160\n"
        )
        assert (
            f"{mission}-photo, for which no selected recording of the same event or sol is left: state {key} with its "
            "time, of photo and recording in release.toml, or put a recording under the whole clip"
        ) in pack("silent.toml", "-o", mission, "--store", "store").stderr


@pytest.mark.prefect
def test_a_press_pack_has_whole_videos_made(tmp_path: Path, prefect_server: str) -> None:
    june = tmp_path / "raw" / "june"
    june.mkdir(parents=True)
    MediaMaker(june).video("descent.mp4", list(range(11 * 25)), sound_hz=440)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "flows.cli", *arguments, "--store", "store"]
        environment = {**os.environ, "PYTHONPATH": str(PROJECT), "PREFECT_API_URL": prefect_server}
        return subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)

    report = run_ingest(tmp_path / "raw", tmp_path / "store", {"video": (Evidence(),)}, Options(), in_threads, name="i")
    assert report.results.failed == 0, report.message
    built = run("pack", "*", "-o", "press", "--audience", "press", "--json")
    assert built.returncode == 0, built.stderr
    assert json.loads(built.stdout)["not_cleared"] == ["june/descent.mp4"]
    assert "making video.web of 1 source for the pack" in built.stderr
    with av.open(str(tmp_path / "press/data/videos/descent_128.mp4")) as container:
        assert {stream.type for stream in container.streams} == {"video", "audio"}
        assert sum(1 for _ in container.decode(video=0)) == 11 * 25
        assert "title" not in container.metadata, "nobody has stated one"
    again = run("pack", "*", "-o", "press", "--audience", "press", "--force")
    assert "making" not in again.stderr


def test_the_parameters_of_a_recipe_file_decide_what_a_pack_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    june = tmp_path / "raw" / "june"
    june.mkdir(parents=True)
    MediaMaker(june).video("descent.mp4", list(range(10)))
    report = run_ingest(tmp_path / "raw", tmp_path / "store", {"video": (Evidence(),)}, Options(), in_threads, name="i")
    assert report.results.failed == 0, report.message
    (tmp_path / "small.toml").write_text("[video.web]\nlongest_side_px = 64\n")

    def videos(output: str, *options: str) -> tuple[list[str], str]:
        run = packed("*", "-o", output, "--audience", "press", "--store", "store", *options)
        assert run.returncode == 0, run.stderr
        return [path.name for path in (tmp_path / output / "data/videos").iterdir()], run.stderr

    refused = packed("*", "-o", "nowhere/whole", "--audience", "press", "--store", "store")
    assert (refused.returncode, "making" in refused.stderr) == (2, False), "before anything is made"
    assert refused.stderr == f"marsmedia: {tmp_path}/nowhere: no such folder; create it first\n"
    assert videos("whole")[0] == ["descent_128.mp4"]
    names, told = videos("small", "--recipes", "small.toml")
    assert names == ["descent_64.mp4"]
    assert "making video.web of 1 source for the pack" in told
    names, told = videos("again", "--recipes", "small.toml")
    assert (names, "making" in told) == (["descent_64.mp4"], False)
    (tmp_path / "june.toml").write_text('[[for]]\nrelease = "june"\nvideo.web = {longest_side_px = 96}\n')
    assert videos("of-june", "--recipes", "june.toml")[0] == ["descent_96.mp4"]
    (tmp_path / "july.toml").write_text('[[for]]\nrelease = "july"\nvideo.web = {longest_side_px = 80}\n')
    assert "making" not in videos("not-july", "--recipes", "july.toml")[1]


def test_a_mistake_in_a_recipe_file_stops_a_pack(pack: Pack, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("[video.web]\nlongest_side_px = 5\n")
    assert said(pack("tracks.jpg", "-o", "p", "--store", "store", "--recipes", "bad.toml")) == (
        2,
        f"marsmedia: {tmp_path}/bad.toml: video.web: longest_side_px is 5: must be 64 to 3840\n",
    )
    assert not (tmp_path / "p").exists()


def test_mistakes_end_with_2_and_damage_with_1(pack: Pack, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text('audience = "all"\nselection = ["*"]\n')
    assert said(pack("bad.toml", "-o", "p", "--store", "store")) == (
        2,
        "marsmedia: bad.toml, line 1: audience: unknown value ('all'); "
        "use internal, press, public, research or archive\n"
        "bad.toml, line 1: title: missing; add it\n",
    )
    code, text = said(pack("*", "-o", "p", "--store", "store", "--audience", "public"))
    assert (code, text.split("\n")[0]) == (2, f"marsmedia: {REFUSED}"), "and no video was made for it"
    assert said(pack("nope.jpg", "-o", "p", "--store", "store"))[0] == 2
    assert said(pack("gone.toml", "-o", "p", "--store", "store")) == (2, "marsmedia: gone.toml: no such file\n")
    Path("press.toml").touch()
    for word, told in (
        ("press.tml", "no such pack recipe; did you mean press.toml?"),
        ("pres.toml", "no such pack recipe; did you mean press.toml?"),
        ("june", "no such source in the store; did you mean release=june?"),
        ("raw/june/", "no such source in the store; did you mean release=june?"),
        ("jnue", "no such source in the store; did you mean release=june?"),
        ("trcks.jpg", "no such source in the store; did you mean tracks.jpg?"),
        ("moon.jpg", "no such source in the store; list sources with `marsmedia items`"),
    ):
        assert said(pack(word, "-o", "p", "--store", "store")) == (2, f"marsmedia: {word}: {told}\n")
    for word, told in (
        ("trcks.jpg", "trcks.jpg: no such source in the store; did you mean tracks.jpg?"),
        ("press.toml", "press.toml: no such source in the store; list sources with `marsmedia items`"),
        ("trcks*", "trcks*: no such source in the store; did you mean tracks.jpg?"),
        ("june", "june: no such source in the store; did you mean release=june?"),
        ("relase=june", "relase=june: no such key; did you mean release?"),
        ("release=jnue", "release=jnue: no such release in the store; did you mean june?"),
        ("sql=mission = 'x", None),
    ):
        Path("press.toml").write_text(f'title = "June"\naudience = "press"\nselection = ["{word}"]\n')
        code, text = said(pack("press.toml", "-o", "p", "--store", "store"))
        assert (code, text.startswith(f"marsmedia: press.toml: selection: {word}: ")) == (2, True), text
        assert told is None or text == f"marsmedia: press.toml: selection: {told}\n"
    assert said(pack("*", "-o", "store/p", "--store", "store")) == (
        2,
        "marsmedia: store/p: inside the store; choose a place outside store\n",
    )
    (tmp_path / "letters").mkdir()
    assert said(pack("verify", "letters")) == (
        2,
        "marsmedia: letters: not a pack (no bagit.txt, bag-info.txt or manifest)\n",
    )
    assert said(pack("*", "-o", "p", "--store", "nowhere"))[0] == 2
    place = next((tmp_path / "store/results").rglob("contact_sheet.jpg"))
    place.write_bytes(b"damaged")
    code, text = said(pack("*", "-o", "p", "--store", "store"))
    assert code == 1
    assert text.startswith(
        "marsmedia: no pack was built: descent.mp4: video.contact_sheet/contact_sheet.jpg: SHA-256 is "
    )
    assert not (tmp_path / "p").exists()


def test_a_full_disk_is_reported_in_one_line(tmp_path: Path) -> None:
    filled(tmp_path)
    command = f"ulimit -f 50; exec {sys.executable} -m flows.cli pack '*' -o p.zip --store store"
    run = subprocess.run(
        ["bash", "-c", command],
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert said(run) == (1, "marsmedia: no pack was built: p.zip: File too large: check the disk and run again\n")
    assert [path.name for path in tmp_path.iterdir() if "p.zip" in path.name] == []


def test_an_interrupted_build_ends_with_130_and_leaves_nothing(tmp_path: Path) -> None:
    filled(tmp_path)
    (tmp_path / "o.toml").write_text('title="a"\naudience="internal"\nselection=["tracks.jpg"]\n')
    place = next((tmp_path / "store/results").rglob("preview_320.jpg"))
    place.unlink()
    os.mkfifo(place)  # whoever reads it waits until it is interrupted
    run = subprocess.Popen(
        [sys.executable, "-m", "flows.cli", "pack", "o.toml", "-o", "p", "--store", "store"],
        cwd=tmp_path,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with place.open("wb"):  # opens once the build reads it
        interrupt_reader(run)
    out, err = run.communicate()
    assert (run.returncode, out + err) == (
        130,
        "marsmedia: interrupted; no pack was built; run the same command again\n",
    )
    assert [path.name for path in tmp_path.iterdir() if path.name.lstrip(".").startswith("p")] == []


def test_verify_names_the_file_and_ends_with_1(pack: Pack, tmp_path: Path) -> None:
    assert said(pack("tracks.jpg", "-o", "june", "--store", "store"))[0] == 0
    (tmp_path / "june/data/CREDITS.txt").unlink()
    code, text = said(pack("verify", "june"))
    assert code == 1
    assert text.startswith("missing: data/CREDITS.txt: listed in a manifest\n")


@pytest.mark.prefect
def test_the_flow_builds_and_checks_and_fails_by_its_state(prefect_server: str, bucket: str, tmp_path: Path) -> None:
    script = """
import sys
from flows.pack import pack
outputs = [sys.argv[1]] * 3 + [sys.argv[2]] * 2
for output, recipe in zip(outputs, sys.argv[3:]):
    state = pack(recipe, output + "/out.zip", sys.argv[1] + "/store", return_state=True)
    print(state.type.value, state.message)
"""
    filled(tmp_path).source("clouds.jpg", "photo", "jpeg", b"of which nothing was made")
    good = tmp_path / "good.toml"
    good.write_text('title="a"\naudience="internal"\nselection=["*"]\n')
    (tmp_path / "bad.toml").write_text('title="a"\naudience="public"\nselection=["*"]\n')
    run = subprocess.run(
        [sys.executable, "-c", script, tmp_path, f"s3://{bucket}", good, good, tmp_path / "bad.toml", good, good],
        env={**os.environ, "PYTHONPATH": str(PROJECT), "PREFECT_API_URL": prefect_server},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = run.stdout.splitlines()
    ends = [line for line in lines if line.startswith(("COMPLETED", "FAILED"))]
    warned = "COMPLETED completed with warnings: "
    here, there = f"{warned}{tmp_path}/out.zip: ", f"{warned}s3://{bucket}/out.zip: "
    assert [one.partition(".zip: ")[0] + ".zip: " for one in (ends[0], ends[1])] == [here, here], run.stderr
    assert ends[2] == "FAILED a public pack cannot contain sources that may not be redistributed:"
    assert [line.startswith(there) for line in ends[3:]] == [True, True]
    assert [line.endswith(", unchanged") for line in ends[3:]] == [False, True]
    by_hand = packed("*", "--audience", "internal", "-o", f"{tmp_path}/hand", "--store", f"{tmp_path}/store")
    told = [line.removeprefix("marsmedia: ") for line in by_hand.stderr.splitlines()]
    below = lines[1 : lines.index(ends[1], 1)]
    assert below[0].startswith("rights are not cleared for 2 of 3 sources: ")
    assert below[1] == "1 of 4 selected sources is not in the pack"
    assert below[2].startswith("not in the pack: june/clouds.jpg: not made yet: ")
    assert set(below) <= set(told)


def test_a_video_with_a_larger_picture_than_the_packed_one_is_named(pack: Pack, tmp_path: Path) -> None:
    made = filled(tmp_path)
    digest = next(row.digest for row in made.catalogue.sources().values() if row.name == "descent.mp4")
    small = {"index": 0, "kind": "video", "width_px": 320, "height_px": 180, "dispositions": ["default"]}
    streams = [small, small | {"index": 3, "width_px": 480, "height_px": 270, "dispositions": []}]
    data = json.dumps({"streams": streams}).encode()
    made.result(digest, "metadata", Item(name="metadata.json", media_type="application/json", data=data))
    chosen = ("descent.mp4", "tracks.jpg", "--audience", "internal", "--store", "store")
    run = pack(*chosen, "-o", "pack")
    assert run.returncode == 0, run.stderr
    assert (
        "marsmedia: june/descent.mp4: has a larger picture too, 480 x 270 px (stream 3); the pack has the one that "
        'players show, 320 x 180 px: `stream = "largest"` under [video.web] in a file for --recipes makes the whole '
        "video of the larger one\n"
    ) in run.stderr
    told = (tmp_path / "pack/data/CREDITS.txt").read_text(encoding="utf-8")
    assert told.count("larger picture") == 1
    assert (
        "  The file has a larger picture too, 480 × 270 px (stream 3); pictures and video here are of the one that "
        "players show, 320 × 180 px.\n"
        "  文件中另有更大的画面：480 × 270 px（第 3 路流）；此处的图片和视频取自播放器所显示的画面：320 × 180 px。\n"
    ) in told
    listed = json.loads(pack(*chosen, "-o", "pack", "--force", "--json").stdout)["larger_pictures"]
    larger = {"stream": 3, "size_px": [480, 270], "shown_size_px": [320, 180]}
    assert listed == {"june/descent.mp4": {**larger, "is_packed": False}}
    whole = Item(name="video.mp4", media_type="video/mp4", data=b"whole")
    made.result(digest, "video.web", whole, parameters={"stream": "largest"})
    (tmp_path / "whole.toml").write_text(
        'title = "June"\naudience = "internal"\nselection = ["descent.mp4"]\ntake = ["full video"]\n'
    )
    run = pack("whole.toml", "-o", "whole", "--store", "store")
    assert run.returncode == 0, run.stderr
    assert "larger picture" not in run.stderr
    assert (
        "  The file has a larger picture too, 480 × 270 px (stream 3): the whole video is of it; other pictures here "
        "are of the one that players show, 320 × 180 px.\n"
    ) in (tmp_path / "whole/data/CREDITS.txt").read_text(encoding="utf-8")


def test_other_audio_of_a_file_is_named_with_the_command_that_copies_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    june = tmp_path / "raw" / "june"
    june.mkdir(parents=True)
    with_tones(june / "land ing.mkv", [500, 1000, 3000], 1, picture=True, languages=["chi", "eng", "und"])
    with_tones(june / "one.mkv", [500], 0, picture=True)
    with_tones(june / "wind.mka", [500, 1000], None, picture=False)
    made = (Metadata(), Evidence(), Levels())
    recipes: Recipes = {"video": made, "audio": made}
    report = run_ingest(tmp_path / "raw", tmp_path / "store", recipes, Options(), in_threads, name="i")
    assert report.results.failed == 0, report.message
    monkeypatch.chdir(tmp_path)
    chosen = ("*", "--store", "store", "--title", "June", "--force", "--audience")
    run = packed(*chosen, "press", "-o", "press")
    assert run.returncode == 0, run.stderr
    details = {name: f"stream {name} ({hz} Hz, pcm_s16le, 48 kHz, 1 ch)" for name, hz in ((0, 500), (1, 1000))}
    tracks = [
        "stream 1 (chi, 500 Hz, pcm_s16le, 48 kHz, 1 ch)",
        "stream 2 (eng, 1000 Hz, pcm_s16le, 48 kHz, 1 ch)",
        "stream 3 (3000 Hz, pcm_s16le, 48 kHz, 1 ch)",
    ]
    assert [line for line in run.stderr.splitlines() if "other audio" in line] == [
        f"marsmedia: june/land ing.mkv: has other audio too, {tracks[0]}, {tracks[2]}; sound and video of the pack "
        f"have the audio that players play, {tracks[1]}: `ffmpeg -i 'land ing.mkv' -map 0:V -map 0:1 -c copy "
        "'land ing_stream-1.mkv'` writes a copy with stream 1, which can be released too"
    ], "the pack has nothing of the recording"
    told = (tmp_path / "press/data/documents/CREDITS.txt").read_text(encoding="utf-8")
    assert told.count("other audio") == 1
    en = (
        f"The file has other audio too: {tracks[0]}; {tracks[2]}. Sound and video made from it have the audio that "
        f"players play: {tracks[1]}."
    )
    zh = (
        "文件中另有其他音轨：第 1 路流（chi, 500 Hz, pcm_s16le, 48 kHz, 1 ch）; "
        "第 3 路流（3000 Hz, pcm_s16le, 48 kHz, 1 ch）。"
        "由其制作的声音和视频采用播放器所播放的音轨：第 2 路流（eng, 1000 Hz, pcm_s16le, 48 kHz, 1 ch）。"
    )
    assert f"  {en}\n  {zh}\n" in told
    listed = json.loads(packed(*chosen, "internal", "-o", "all", "--json").stdout)["other_audio"]
    assert {
        name: (one["played"]["stream"], [other["stream"] for other in one["others"]]) for name, one in listed.items()
    } == {"june/land ing.mkv": (2, [1, 3]), "june/wind.mka": (0, [1])}
    recording = packed("wind.mka", *chosen[1:], "internal", "-o", "wind").stderr
    assert f"june/wind.mka: has other audio too, {details[1]}; " in recording
    assert f", {details[0]}: `ffmpeg -i wind.mka -map 0:1 -c copy wind_stream-1.mka` writes a copy " in recording
