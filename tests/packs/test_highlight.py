"""A highlight is heard as what it shows, or with the recording that was chosen, and titled in the pack's languages."""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile
from PIL import Image

from flows.cli.printing.print_highlight import _parts_in_words, _standstills_in_words
from flows.run.build_pack import build_pack
from processors.contract import Item
from processors.errors import RequestError
from processors.imaging.lettering import load_font
from processors.languages.language import phrase
from processors.languages.text import Text
from processors.metadata.tags.xmp import xmp_tags
from processors.packs.embedded.in_pictures import own_xmp
from processors.packs.highlight.cards import Cards, Frame, first_rows, without_unknown, wrapped_to_columns
from processors.packs.highlight.programme import PartShown
from processors.packs.recipe.pack_recipe import Highlight, Override, PackRecipe
from processors.store.catalogue.stored_links import LinkEnd, SourceLink
from tests.helpers.headings import headed
from tests.helpers.made_media import MediaMaker, number_of
from tests.helpers.pack_store import PackStore, evidence, make_pack, picture
from tests.packs.test_records import check_all

PART_SECONDS = 1.0
LATER = "2026-04-01T00:00:00.000+00:00"


def tone(hz: float, seconds: float) -> bytes:
    buffer = io.BytesIO()
    wave = 0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * 44100)) / 44100)
    soundfile.write(buffer, wave, 44100, format="FLAC")
    return buffer.getvalue()


@pytest.fixture
def made(tmp_path: Path) -> PackStore:
    """A photo, two clips with tones of 500 and 2000 Hz, and a recording of 1000 Hz."""
    made = PackStore(tmp_path)
    photo = made.source("a.jpg", "photo", "jpeg", picture(64, 48, 1))
    made.said(photo, evidence("Tracks", redistribute=True))
    made.pictures(photo, "photo.preview", {"preview_1024.jpg": (64, 48)})
    for name, hz in (("b.mp4", 500), ("c.mp4", 2000)):
        clip = MediaMaker(tmp_path).video(f"made-{name}", list(range(75)), sound_hz=hz).path.read_bytes()
        digest = made.source(name, "video", "mov,mp4,m4a,3gp,3g2,mj2", clip)
        item = Item(name="preview.mp4", media_type="video/mp4", data=clip, facts={"width_px": 128, "height_px": 96})
        made.result(digest, "video.preview", item)
    sound = made.source("station.flac", "audio", "flac", tone(1000, 30))
    made.result(sound, "audio.renditions", Item(name="audible.flac", media_type="audio/flac", data=tone(1000, 30)))
    return made


def loudest_hz(pack: Path) -> list[int | None]:
    """The loudest frequency in the middle of each second, to 50 Hz; None where it is silent."""
    with av.open(str(pack / "data/highlight.mp4")) as container:
        rate = container.streams.audio[0].rate
        sound = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    found: list[int | None] = []
    for second in range(len(sound) // rate):
        part = sound[int((second + 0.4) * rate) : int((second + 0.6) * rate)]
        peak = float(np.argmax(np.abs(np.fft.rfft(part)))) * rate / len(part)
        found.append(round(peak / 50) * 50 if np.abs(part).max() > 0.05 else None)
    return found


def pack(made: PackStore, tmp_path: Path, sound: str | None = None) -> Path:
    highlight = Highlight(seconds_each=PART_SECONDS, longest_side_px=160, sound=sound)
    made_of = {"take": ("stills", "clips", "sound"), "highlight": highlight, "languages": ("en", "zh")}
    make_pack(made, tmp_path / "pack", **made_of)
    return tmp_path / "pack"


def test_each_shot_is_heard_with_its_own_sound_and_cards_and_photos_are_silent(made: PackStore, tmp_path: Path) -> None:
    silent = [None, None, None]
    assert loudest_hz(pack(made, tmp_path))[:9] == [*silent, None, 500, 2000, *silent]


def test_a_chosen_recording_is_heard_from_the_first_picture_on(made: PackStore, tmp_path: Path) -> None:
    assert loudest_hz(pack(made, tmp_path, sound="station*"))[:8] == [None] * 3 + [1000] * 5


def test_where_a_chosen_recording_has_ended_scenes_have_their_own_sound(made: PackStore, tmp_path: Path) -> None:
    touchdown: dict[str, Any] = {
        "event": {"name": "touchdown", "title": "Touchdown", "title_zh": "着陆", "written": "2021"}
    }
    short = made.source("short.flac", "audio", "flac", tone(700, 1.2))
    made.result(short, "audio.renditions", Item(name="audible.flac", media_type="audio/flac", data=tone(700, 1.2)))
    digests = {row.name: row.digest for row in made.catalogue.sources().values()}
    late = made.source("late.jpg", "photo", "jpeg", picture(64, 48, 5))
    made.pictures(late, "photo.preview", {"preview_1024.jpg": (64, 48)})
    for digest in (digests["a.jpg"], late, short, digests["station.flac"]):
        said = json.dumps(evidence("Rover", redistribute=True, **touchdown)).encode()
        newer = Item(name="evidence.json", media_type="application/json", data=said)
        made.result(digest, "evidence", newer, key="newer", made_utc=LATER)
    highlight = Highlight(seconds_each=PART_SECONDS, longest_side_px=160, sound="short*")
    order = ("a.jpg", "b.mp4", "c.mp4", "late.jpg", "short.flac", "station.flac")
    take = ("stills", "clips", "sound")
    built = make_pack(made, tmp_path / "pack", take=take, selection=order, highlight=highlight)
    assert loudest_hz(tmp_path / "pack")[:8] == [None, None, None, 700, 500, 2000, 1000, None], "not 700 Hz once more"
    assert built.highlight is not None
    assert built.highlight.recording_seconds == pytest.approx(1.2, abs=0.01)
    assert built.highlight.cards_seconds == 6.0
    assert sum(one.seconds for one in built.highlight.silences) == 0
    assert [one.name for one in built.highlight.sounds] == ["short.flac", "station.flac"]
    with av.open(str(tmp_path / "pack/data/highlight.mp4")) as container:
        sound = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    part = sound[int(4.5 * 48000) : int(4.9 * 48000)]
    assert np.abs(part).max() > 0.3, "the shot's own sound begins where the recording ends, 0.2 s into the shot"


def nearest(frame: np.ndarray, known: dict[str, np.ndarray]) -> str:
    """The drawing that most resembles a frame in what distinguishes them."""
    differs = np.ptp(np.stack(list(known.values())).astype(int), axis=0) > 60
    return min(known, key=lambda name: float(np.abs(frame.astype(int) - known[name])[differs].mean()))


@pytest.mark.parametrize(
    ("lacks", "name"),
    [((), "Wind · 车辙"), (("dc:title",), "CNSA"), (("dc:title", "photoshop:Credit", "dc:publisher"), "short.flac")],
)
def test_a_chosen_recording_is_named_on_pictures_of_other_sources_while_it_is_heard_and_on_the_last_card(
    made: PackStore, tmp_path: Path, lacks: tuple[str, ...], name: str
) -> None:
    short = made.source("short.flac", "audio", "flac", tone(700, 2.6))
    made.result(short, "audio.renditions", Item(name="audible.flac", media_type="audio/flac", data=tone(700, 2.6)))
    digests = {row.name: row.digest for row in made.catalogue.sources().values()}
    for file, title in (("b.mp4", "Descent"), ("c.mp4", "Descent"), ("short.flac", "Wind")):
        record = evidence(title, redistribute=True)
        if file == "short.flac":
            record["statements"] = [one for one in record["statements"] if one["term"] not in lacks]
        made.said(digests[file], record)
    highlight = Highlight(seconds_each=PART_SECONDS, longest_side_px=640, sound="short*")
    order = ("a.jpg", "b.mp4", "c.mp4", "short.flac")
    take = ("stills", "clips", "sound")
    make_pack(made, tmp_path / "pack", take=take, selection=order, highlight=highlight, languages=("en", "zh"))
    with av.open(str(tmp_path / "pack/data/highlight.mp4")) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    cards, credited = Cards(width_px=640), "Credit · 来源: CNSA"
    sound = f"Sound · 声音来源: {name}"
    bands = {
        "its own": cards.scene(Image.new("RGB", (16, 9)), "", credited),
        "named": cards.scene(Image.new("RGB", (16, 9)), "", f"{credited} · {sound}"),
    }
    heard = [nearest(frames[75 + number], bands) for number in range(75)]
    assert heard == ["named"] * 65 + ["its own"] * 10, "2.6 s of 3 s, 25 frames a second"
    headings = ["Credits", "来源"]
    lines = ["CNSA"] if "photoshop:Credit" not in lacks else ["CNSA", "unknown: no credit line is given"]
    ends = {"named": cards.text(headings, [*lines, sound]), "not": cards.text(headings, lines)}
    assert nearest(frames[-1], ends) == "named"


def test_a_video_heard_under_the_clip_is_not_named_on_its_own_pictures(made: PackStore, tmp_path: Path) -> None:
    (digest,) = (row.digest for row in made.catalogue.sources().values() if row.name == "b.mp4")
    made.said(digest, evidence("Descent", redistribute=True))
    made.result(digest, "audio.renditions", Item(name="audible.flac", media_type="audio/flac", data=tone(900, 3)))
    highlight = Highlight(seconds_each=PART_SECONDS, longest_side_px=640, sound="b.mp4")
    chosen = {"take": ("stills", "clips", "sound"), "selection": ("a.jpg", "b.mp4"), "languages": ("en",)}
    make_pack(made, tmp_path / "pack", highlight=highlight, **chosen)
    with av.open(str(tmp_path / "pack/data/highlight.mp4")) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    cards, black = Cards(width_px=640), Image.new("RGB", (16, 9))
    bands = {
        "its own": cards.scene(black, "", "Credit: CNSA"),
        "named": cards.scene(black, "", "Credit: CNSA · Sound: Descent"),
    }
    assert [nearest(frames[at], bands) for at in (75, 99, 100, 124)] == ["named", "named", "its own", "its own"]


def test_a_credit_that_fills_its_row_takes_another_so_that_the_sound_is_named_whole() -> None:
    cards, black = Cards(width_px=640), Image.new("RGB", (16, 9))
    text = "Credit: " + "NASA/JPL-Caltech/University of Arizona, " * 3 + "CNSA · Sound: Wind"
    first, second = wrapped_to_columns(text, 110)
    assert second == "NASA/JPL-Caltech/University of Arizona, CNSA · Sound: Wind"
    band, alone = cards.scene(black, "Tracks", text), [cards.scene(black, "", row) for row in (first, second)]
    assert np.array_equal(band[-12:], alone[1][-12:])
    assert np.array_equal(band[-22:-14], alone[0][-12:-4])


def test_a_photo_is_heard_with_the_recordings_of_its_event_one_after_the_other(made: PackStore, tmp_path: Path) -> None:
    digests = {row.name: row.digest for row in made.catalogue.sources().values()}
    touchdown: dict[str, Any] = {
        "event": {"name": "touchdown", "title": "Touchdown", "title_zh": "着陆", "written": "2021"}
    }
    for name, title in (("a.jpg", "Tracks"), ("station.flac", "Wind")):
        said = json.dumps(evidence(title, redistribute=True, **touchdown)).encode()
        newer = Item(name="evidence.json", media_type="application/json", data=said)
        made.result(digests[name], "evidence", newer, key="newer", made_utc=LATER)
    other = made.source("other.flac", "audio", "flac", tone(3000, 30))
    made.said(other, evidence("Motors", redistribute=True, mission="perseverance"))
    made.result(other, "audio.renditions", Item(name="audible.flac", media_type="audio/flac", data=tone(3000, 30)))
    for number in (2, 3):  # of the same event, as the first; the recording goes on
        photo = made.source(f"a{number}.jpg", "photo", "jpeg", picture(64, 48, number))
        made.said(photo, evidence("Tracks", redistribute=True, **touchdown))
        made.pictures(photo, "photo.preview", {"preview_1024.jpg": (64, 48)})
    rising = np.concatenate([np.sin(2 * np.pi * hz * np.arange(44100) / 44100) for hz in (600, 900, 1200)])
    buffer = io.BytesIO()
    soundfile.write(buffer, 0.5 * rising, 44100, format="FLAC")
    made.result(
        digests["station.flac"],
        "audio.renditions",
        Item(name="audible.flac", media_type="audio/flac", data=buffer.getvalue()),
        key="newer",
        made_utc=LATER,
    )
    silent = [None, None, None]
    place = pack(made, tmp_path)
    assert loudest_hz(place)[:11] == [*silent, 600, 900, 1200, 500, 2000, *silent]
    told = (place / "data/CREDITS.txt").read_text(encoding="utf-8").split("\n\n")[1]
    assert f"  {headed('sound_under_it')}: station.flac\n" in told
    with av.open(str(place / "data/highlight.mp4")) as clip:
        assert "Tracks, Wind" in clip.metadata["comment"].replace("b.mp4, c.mp4, ", "")


@pytest.mark.parametrize(
    ("of_photo", "of_recording", "heard", "keys"),
    [
        (("tianwen-1", 18), ("perseverance", 0), [], ()),
        ((None, 18), (None, 18), [], ()),
        (("tianwen-1", 18), ("tianwen-1", 19), [], ()),
        (("tianwen-1", None), ("tianwen-1", 18), [], ("event", "date")),
        (("perseverance", 18), ("perseverance", None), [], ("date",)),
        (("perseverance", 18), ("perseverance", 18), ["wind.flac"], ()),
    ],
)
def test_without_any_video_a_photo_is_heard_by_the_same_rule_as_with_one(
    tmp_path: Path,
    of_photo: tuple[str | None, int | None],
    of_recording: tuple[str | None, int | None],
    heard: list[str],
    keys: tuple[str, ...],
) -> None:
    made = PackStore(tmp_path)
    photo = made.source("rover.jpg", "photo", "jpeg", picture(64, 48, 1))
    made.pictures(photo, "photo.preview", {"preview_1024.jpg": (64, 48)})
    sound = made.source("wind.flac", "audio", "flac", tone(1000, 30))
    made.result(sound, "audio.renditions", Item(name="audible.flac", media_type="audio/flac", data=tone(1000, 30)))
    for digest, (mission, sol) in ((photo, of_photo), (sound, of_recording)):
        said = evidence("Rover", redistribute=True, mission=mission)
        said["taken"] = said["taken"] | {"first_sol": sol or 18, "last_sol": sol or 19}
        made.said(digest, said)
    highlight = Highlight(seconds_each=PART_SECONDS, longest_side_px=160)
    built = make_pack(made, tmp_path / "pack", take=("stills", "sound"), highlight=highlight)
    assert built.highlight is not None
    assert built.highlight.recording is None
    assert [one.name for one in built.highlight.heard] == heard
    assert [one.missing_keys for one in built.highlight.silences] == ([] if heard else [keys])
    if heard:
        assert loudest_hz(tmp_path / "pack") == [None, None, None, 1000, None, None, None]


def test_stills_and_shots_are_heard_as_their_video_is_at_that_time(made: PackStore, tmp_path: Path) -> None:
    digest = next(row.digest for row in made.catalogue.sources().values() if row.name == "b.mp4")
    rising = np.concatenate([np.sin(2 * np.pi * hz * np.arange(44100) / 44100) for hz in (600, 900, 1200, 1500)])
    buffer = io.BytesIO()
    soundfile.write(buffer, 0.5 * rising, 44100, format="FLAC")
    facts = {"start_seconds": 1.0}  # the sound begins one second after the picture
    made.result(digest, "audio.renditions", Item(name="audible.flac", media_type="audio/flac", data=buffer.getvalue()))
    drawn = Item(name="spectrogram.png", media_type="image/png", data=picture(8, 8, 9, "PNG"), facts=facts)
    made.result(digest, "audio.spectrogram_picture", drawn)
    stills = [
        Item(
            name=f"still_{shot:04}_01.jpg",
            media_type="image/jpeg",
            data=picture(64, 48, 20 + shot),
            facts={"identity": {"time_seconds": seconds}, "width_px": 64, "height_px": 48},
        )
        for shot, seconds in ((1, 2.0), (2, 4.0))
    ]
    made.result(digest, "video.stills", *stills)
    silent = [None, None, None]
    assert loudest_hz(pack(made, tmp_path))[:10] == [*silent, None, None, 900, 1500, 2000, *silent][:10]


def test_a_shot_that_moves_before_its_sound_begins_is_silent_until_then(made: PackStore, tmp_path: Path) -> None:
    digest = next(row.digest for row in made.catalogue.sources().values() if row.name == "b.mp4")
    facts = {"start_seconds": 0.5}
    made.result(digest, "audio.renditions", Item(name="audible.flac", media_type="audio/flac", data=tone(900, 3)))
    drawn = Item(name="spectrogram.png", media_type="image/png", data=picture(8, 8, 9, "PNG"), facts=facts)
    made.result(digest, "audio.spectrogram_picture", drawn)
    highlight = Highlight(seconds_each=2.0, longest_side_px=160)
    built = make_pack(made, tmp_path / "pack", selection=("b.mp4",), take=("clips", "sound"), highlight=highlight)
    with av.open(str(tmp_path / "pack/data/highlight.mp4")) as container:
        sound = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    assert np.abs(sound[round(3.05 * 48000) : round(3.4 * 48000)]).max() < 0.01
    assert np.abs(sound[round(3.6 * 48000) : round(4.5 * 48000)]).max() > 0.3
    assert built.highlight is not None
    assert [(one.source.name, one.seconds) for one in built.highlight.silences] == [("b.mp4", pytest.approx(0.5))]


def test_a_clip_names_all_whom_it_owes_and_the_strictest_rights(made: PackStore, tmp_path: Path) -> None:
    digests = {row.name: row.digest for row in made.catalogue.sources().values()}
    made.said(digests["b.mp4"], evidence("Descent", redistribute=False))
    made.said(digests["c.mp4"], evidence("Touchdown", redistribute=None))
    place = pack(made, tmp_path, sound="station*") / "data"
    with av.open(str(place / "highlight.mp4")) as clip:
        said = dict(clip.metadata)
    warned = "For internal use: not cleared for passing on."
    unaudited = "Burnt-in overlays were not looked for: there is no audit. Look for logos and captions yourself."
    assert {name: said[name] for name in ("title", "artist", "copyright", "comment")} == {
        "title": "Tracks & wind",
        "artist": "CNSA",
        "copyright": "unresolved (b.mp4, c.mp4, a.jpg); unknown: no statement of rights is given (station.flac)",
        "comment": "Highlight. Tracks, Descent, Touchdown, station.flac. "
        f"{warned} (b.mp4, c.mp4, station.flac); {unaudited} (b.mp4, c.mp4)",
    }
    paragraph = (place / "CREDITS.txt").read_text(encoding="utf-8").split("\n\n")[1]
    assert paragraph.split("\n") == [
        "highlight.mp4",
        f"  {headed('highlight')}",
        f"  {headed('shows')}: a.jpg, b.mp4, c.mp4",
        f"  {headed('sound_under_it')}: station.flac",
        f"  {headed('credit')}: CNSA; unknown: no credit line is given",
        f"  {headed('rights')}: unresolved (b.mp4, c.mp4, a.jpg)",
        f"  {headed('rights')}: unknown: no statement of rights is given (station.flac)",
        f"  {unaudited} (b.mp4, c.mp4)",
        "  未经检查，不知是否有叠加内容。请自行查看有无台标、字幕。 (b.mp4, c.mp4)",
        f"  {warned}",
        "  仅供内部使用：未获转发许可。",
        f"  {headed('not_cleared')}: b.mp4, c.mp4, station.flac",
        f"  {headed('files')}: highlight.mp4",
    ]


def test_a_clip_names_every_statement_of_rights_the_strictest_first(made: PackStore, tmp_path: Path) -> None:
    digests = {row.name: row.digest for row in made.catalogue.sources().values()}
    for name, words, may in (
        ("b.mp4", "Public domain; the broadcaster's logo is its own", None),
        ("c.mp4", "CC BY 4.0", True),
        ("station.flac", "© CNSA", False),
    ):
        record = evidence(name, redistribute=may)
        record["statements"] = [
            one | {"value": words} if one["term"] == "dc:rights" else one for one in record["statements"]
        ]
        made.said(digests[name], record)
    place = pack(made, tmp_path, sound="station*") / "data"
    lines = ["© CNSA", "Public domain; the broadcaster's logo is its own", "unresolved", "CC BY 4.0"]
    names = ("station.flac", "b.mp4", "a.jpg", "c.mp4")
    stated = "; ".join(f"{words} ({name})" for words, name in zip(lines, names, strict=True))
    with av.open(str(place / "highlight.mp4")) as clip:
        assert clip.metadata["copyright"] == stated
    paragraph = (place / "CREDITS.txt").read_text(encoding="utf-8").split("\n\n")[1]
    assert [line for line in paragraph.split("\n") if headed("rights") in line] == [
        f"  {headed('rights')}: {words} ({name})" for words, name in zip(lines, names, strict=True)
    ]
    xmp = (place / "highlight.mp4").read_bytes().decode("utf-8", "ignore")
    assert f">{stated}</rdf:li>" in xmp.split("<dc:rights>")[1].split("</dc:rights>")[0]


def test_a_clip_that_an_override_clears_names_who_decided(made: PackStore, tmp_path: Path) -> None:
    overrides = tuple(Override(source=name, who="Li Hua", why="letter") for name in ("b.mp4", "c.mp4", "station*"))
    highlight = Highlight(seconds_each=PART_SECONDS, longest_side_px=160)
    make_pack(made, tmp_path / "pack", audience="public", overrides=overrides, highlight=highlight)
    place = tmp_path / "pack/data"
    with av.open(str(place / "videos/highlight.mp4")) as clip:
        assert (
            " Passed on by decision of Li Hua: letter (b.mp4, c.mp4); Burnt-in overlays were not "
            in clip.metadata["comment"]
        )
    paragraph = (place / "documents/CREDITS.txt").read_text(encoding="utf-8").split("\n\n")[1]
    assert f"  {headed('override')}: b.mp4: Li Hua: letter\n" in paragraph
    assert "Not cleared" not in paragraph


@pytest.mark.parametrize(
    ("overridden", "allowed"), [((), {"b.mp4": None, "c.mp4": None}), (("b.mp4",), {"b.mp4": True, "c.mp4": None})]
)
def test_the_page_has_of_a_clip_what_is_not_cleared_and_what_may_show_logos(
    made: PackStore, tmp_path: Path, overridden: tuple[str, ...], allowed: dict[str, bool | None]
) -> None:
    overrides = tuple(Override(source=name, who="Li Hua", why="letter") for name in (*overridden, "station*"))
    highlight = Highlight(seconds_each=PART_SECONDS, longest_side_px=160)
    make_pack(made, tmp_path / "pack", has_page=True, audience="press", overrides=overrides, highlight=highlight)
    index = (tmp_path / "pack/data/data/index.js").read_text()
    clip = json.loads(index.partition(",")[2].removesuffix(");\n"))["introduction"]["clip"]
    with Image.open(tmp_path / "pack/data" / clip["poster"]) as poster, Image.open(io.BytesIO(picture(64, 48, 0))) as a:
        shown = np.asarray(poster.crop((40, 0, 120, 70)).convert("L").resize((8, 7), Image.Resampling.BOX), float)
        expected = np.asarray(a.resize((120, 90)).crop((20, 0, 100, 70)).convert("L").resize((8, 7)), float)
    assert np.abs(shown - expected).mean() < 12, "the photo, not the title card"
    bound = clip["bound"]
    untitled = {"en": None, "zh": None}
    unaudited = phrase("overlays_not_looked_for").record()
    assert bound == [
        {"name": name, "title": untitled, "redistribute": may, "terms": None, "overlays": unaudited}
        for name, may in allowed.items()
    ]


def test_the_cover_of_a_clip_carries_caption_credit_and_rights_of_what_it_shows(
    made: PackStore, tmp_path: Path
) -> None:
    digests = {row.name: row.digest for row in made.catalogue.sources().values()}
    made.said(digests["b.mp4"], evidence("Descent", redistribute=False))
    for order, headline, notice in (
        (("a.jpg", "*.mp4", "*.flac"), "Tracks", None),
        (("b.mp4", "a.jpg", "c.mp4", "*.flac"), "Descent", "Not cleared for passing on: ask the rights holder"),
    ):
        place = tmp_path / headline
        highlight = Highlight(seconds_each=PART_SECONDS, longest_side_px=160)
        take = ("stills", "clips", "sound")
        make_pack(made, place, has_page=True, audience="press", take=take, selection=order, highlight=highlight)
        cover = (place / "data/data/highlight.jpg").read_bytes()
        said = {f"{tag.namespace}:{tag.name}": tag.value for tag in xmp_tags(own_xmp(cover, "image/jpeg") or b"")}
        assert said["xmp:photoshop:Headline"] == headline
        assert (said["xmp:photoshop:Credit"], said["xmp:photoshop:DateCreated"]) == ("CNSA", "2021-06-16")
        assert str(said.get("xmp:photoshop:Instructions", "")).startswith(notice or "")
        assert ("xmp:photoshop:Instructions" in said) == (notice is not None)
        with Image.open(io.BytesIO(cover)) as picture_:
            assert (picture_.size, "photoshop" in picture_.info) == ((160, 90), True)
        unsigned = [path for path in (place / "data").rglob("*.jpg") if not own_xmp(path.read_bytes(), "image/jpeg")]
        assert unsigned == []


def test_a_clip_says_of_which_file_its_terms_instructions_and_overlays_are(made: PackStore, tmp_path: Path) -> None:
    digests = {row.name: row.digest for row in made.catalogue.sources().values()}
    record = evidence("Touchdown", redistribute=True)
    for term, value in (("xmpRights:UsageTerms", "Editorial use"), ("photoshop:Instructions", "Not before 1 July")):
        record["statements"].append({"term": term, "value": value, "language": None, "source": "release.toml:x"})
    made.said(digests["c.mp4"], record)
    facts = {"words": "329 frames in 13.160 s. Burnt in throughout: 4 still overlays. Motion may be measured."}
    audit = Item(name="integrity.json", media_type="application/json", data=b"{}", facts=facts)
    made.result(digests["b.mp4"], "video.integrity", audit)
    place = pack(made, tmp_path, sound="station*") / "data"
    overlay = (
        "Burnt in throughout: 4 still overlays. Logos and captions of others may need the consent of their owners."
    )
    paragraph = (place / "CREDITS.txt").read_text(encoding="utf-8").split("\n\n")[1].split("\n")
    assert f"  {headed('usage_terms')}: Editorial use (c.mp4)" in paragraph
    assert f"  {headed('instructions')}: Not before 1 July (c.mp4)" in paragraph
    assert f"  {overlay} (b.mp4)" in paragraph
    with av.open(str(place / "highlight.mp4")) as clip:
        assert f"{overlay} (b.mp4)" in clip.metadata["comment"]
    xmp = (place / "highlight.mp4").read_bytes().decode("utf-8", "ignore")
    assert ">Not before 1 July (c.mp4). " in xmp


def test_records_state_of_a_clip_what_binds_its_pictures_and_sound(made: PackStore, tmp_path: Path) -> None:
    digests = {row.name: row.digest for row in made.catalogue.sources().values()}
    embargo, editorial = ("photoshop:Instructions", "Not before 1 July"), ("xmpRights:UsageTerms", "Editorial use")
    for name, terms in (("b.mp4", [embargo]), ("c.mp4", [embargo, editorial])):
        record = evidence(name, redistribute=name != "b.mp4")
        for term, value in terms:
            record["statements"].append({"term": term, "value": value, "language": None, "source": "release.toml:x"})
        made.said(digests[name], record)
    highlight = Highlight(seconds_each=PART_SECONDS, longest_side_px=160)
    place = tmp_path / "pack"
    order = ("c.mp4", "b.mp4")
    take = ("stills", "clips")
    make_pack(made, place, has_page=True, audience="press", take=take, selection=order, highlight=highlight)
    check_all(place)
    crate = json.loads(next(place.rglob("ro-crate-metadata.json")).read_bytes())
    graph = {one["@id"]: one for one in crate["@graph"]}
    ids = {name: f"urn:sha256:{digest}" for name, digest in digests.items()}
    licences = {name: {"@id": f"#rights-{digest[:16]}"} for name, digest in digests.items()}
    assert graph["videos/highlight.mp4"] == {
        "@id": "videos/highlight.mp4",
        "@type": "File",
        "name": "Highlight clip over the selection",
        "encodingFormat": "video/mp4",
        "creditText": "CNSA",
        "license": [licences["b.mp4"], licences["c.mp4"]],
        "usageInfo": "Editorial use (c.mp4)",
        "conditionsOfAccess": "Not before 1 July",
        "isBasedOn": [{"@id": ids["b.mp4"]}, {"@id": ids["c.mp4"]}],
    }
    assert graph["data/highlight.jpg"] == {
        "@id": "data/highlight.jpg",
        "@type": "File",
        "name": "Part of the gallery",
        "encodingFormat": "image/jpeg",
        "creditText": "CNSA",
        "license": licences["c.mp4"],
        "usageInfo": "Editorial use",
        "conditionsOfAccess": "Not before 1 July",
        "isBasedOn": {"@id": ids["c.mp4"]},
    }
    manifest = json.loads(next(place.rglob("iiif-manifest.json")).read_bytes())
    canvas = manifest["items"][0]
    unaudited = "Burnt-in overlays were not looked for: there is no audit. Look for logos and captions yourself."
    assert canvas["label"]["en"] == ["Highlight"]
    assert canvas["requiredStatement"]["value"]["en"] == [
        "Credit: CNSA",
        "Terms of use: Editorial use (c.mp4)",
        "Instructions: Not before 1 July",
    ]
    assert [(one["label"]["en"], next(iter(one["value"].values()))) for one in canvas["metadata"]] == [
        (["Rights"], ["unresolved"]),
        (["Terms of use"], ["Editorial use (c.mp4)"]),
        (["Instructions"], ["Not before 1 July"]),
        (["Notice"], ["Not cleared for passing on: ask the rights holder before publishing. (b.mp4)"]),
        (["Notice"], [f"{unaudited} (c.mp4, b.mp4)"]),
    ]
    assert canvas["rights"] == "http://rightsstatements.org/vocab/UND/1.0/"


def test_iiif_states_the_terms_of_a_sound_that_only_a_clip_shows(made: PackStore, tmp_path: Path) -> None:
    digests = {row.name: row.digest for row in made.catalogue.sources().values()}
    record = evidence("Wind", redistribute=True)
    term = {
        "term": "photoshop:Instructions",
        "value": "Not before 1 July",
        "language": None,
        "source": "release.toml:x",
    }
    made.said(digests["station.flac"], {**record, "statements": [*record["statements"], term]})
    highlight = Highlight(seconds_each=PART_SECONDS, longest_side_px=160, sound="station*")
    make_pack(
        made, tmp_path / "pack", take=("stills", "sound"), selection=("a.jpg", "station.flac"), highlight=highlight
    )
    check_all(tmp_path / "pack")
    crate = json.loads((tmp_path / "pack/data/ro-crate-metadata.json").read_bytes())
    graph = {one["@id"]: one for one in crate["@graph"]}
    assert graph["highlight.mp4"]["conditionsOfAccess"] == "Not before 1 July (station.flac)"
    manifest = json.loads((tmp_path / "pack/data/iiif-manifest.json").read_bytes())
    assert manifest["requiredStatement"]["value"]["en"] == [
        "Credit: CNSA",
        "Instructions: Not before 1 July (station.flac)",
    ]


def test_a_recording_shorter_than_the_clip_is_measured(made: PackStore, tmp_path: Path) -> None:
    short = made.source("short.flac", "audio", "flac", tone(1000, 2))
    made.result(short, "audio.renditions", Item(name="audible.flac", media_type="audio/flac", data=tone(1000, 2)))
    highlight = Highlight(seconds_each=PART_SECONDS, longest_side_px=160, sound="short*")
    built = make_pack(made, tmp_path / "pack", take=("stills", "clips", "sound"), highlight=highlight)
    assert built.highlight is not None
    assert (built.highlight.recording_seconds, built.highlight.duration_seconds) == (2.0, 9.0)
    assert (built.highlight.pictures_seconds, built.highlight.cards_seconds) == (3.0, 6.0)
    assert loudest_hz(tmp_path / "pack")[:7] == [None, None, None, 1000, 1000, 2000, None]


def test_a_video_that_is_shorter_than_its_scene_is_named(made: PackStore, tmp_path: Path) -> None:
    for name, frames in (("short.mp4", 20), ("whole.mp4", 50)):
        clip = MediaMaker(tmp_path).video(f"made-{name}", list(range(frames))).path.read_bytes()
        digest = made.source(name, "video", "mov,mp4,m4a,3gp,3g2,mj2", clip)
        facts = {"width_px": 128, "height_px": 96, "start_seconds": 0.0, "duration_seconds": frames / 25}
        item = Item(name="preview.mp4", media_type="video/mp4", data=clip, facts=facts)
        made.result(digest, "video.preview", item)
    highlight = Highlight(seconds_each=2.0, longest_side_px=160)
    selection = ("short.mp4", "whole.mp4")
    built = make_pack(made, tmp_path / "pack", take=("clips",), selection=selection, highlight=highlight)
    assert built.highlight is not None
    assert [(one.source.name, round(one.seconds, 6)) for one in built.highlight.standstills] == [("short.mp4", 1.2)]
    assert _standstills_in_words(built.highlight) == (
        "the last picture stands still where a video ends before its scene, for 1.2 s of short.mp4: shorten the scenes "
        "with `seconds_each`, or leave such videos out"
    )


@pytest.mark.parametrize(
    ("sound", "selection", "take", "told"),
    [
        (
            "station*",
            ("a.jpg",),
            "stills",
            "no selected source named 'station*' has sound; add june/station.flac to the selection",
        ),
        (
            "station*",
            ("medium=photo",),
            "stills",
            "june/station.flac is not selected; widen the selection: a name beside other words narrows it",
        ),
        (
            "june/station.flac",
            ("*",),
            "stills",
            'the pack takes nothing of june/station.flac; add "web sound" to `take`',
        ),
        (
            "unheard*",
            ("*",),
            "originals",
            "the sound of june/unheard.wav was not made; "
            "run `marsmedia reprocess june/unheard.wav --processor audio.renditions`",
        ),
        ("a.jpg", ("*",), "stills", "june/a.jpg has no sound; name a recording"),
        ("wind.wav", ("*",), "stills", "no source named 'wind.wav'; correct its name"),
    ],
)
def test_why_a_recording_cannot_be_under_the_clip_is_told(
    made: PackStore, tmp_path: Path, sound: str, selection: tuple[str, ...], take: str, told: str
) -> None:
    made.source("unheard.wav", "audio", "wav", b"RIFF")
    highlight = Highlight(seconds_each=PART_SECONDS, longest_side_px=160, sound=sound)
    with pytest.raises(RequestError) as caught:
        make_pack(made, tmp_path / "pack", selection=selection, take=(take,), highlight=highlight)
    assert str(caught.value) == f"highlight: {told}"


def test_a_photo_of_more_than_8_bits_is_shown_enhanced_and_said_to_be(made: PackStore, tmp_path: Path) -> None:
    deep = made.source("deep.png", "photo", "png", picture(64, 48, 7))
    made.said(deep, evidence("Rear deck", redistribute=True))
    grey, bright = (io.BytesIO(), io.BytesIO())
    Image.new("RGB", (160, 90), (40, 40, 40)).save(grey, "JPEG")
    Image.new("RGB", (160, 90), (200, 60, 20)).save(bright, "JPEG")
    sizes = {"width_px": 160, "height_px": 90}
    preview = Item(
        name="preview_1024.jpg", media_type="image/jpeg", data=grey.getvalue(), facts={**sizes, "white_level": 4095.0}
    )
    made.result(deep, "photo.preview", preview)
    made.result(deep, "photo.enhanced", Item(name="enhanced.jpg", media_type="image/jpeg", data=bright.getvalue()))
    highlight = Highlight(seconds_each=PART_SECONDS, longest_side_px=160)
    for number, (enhanced_too, expected) in enumerate(((True, (200, 60, 20)), (False, (40, 40, 40)))):
        if not enhanced_too:
            made.store.remove(
                next(one.ref for one in made.store.manifests(deep) if one.ref.processor == "photo.enhanced")
            )
        place = tmp_path / str(number)
        make_pack(made, place, selection=("deep.png",), take=("stills",), highlight=highlight)
        with av.open(str(place / "data/highlight.mp4")) as clip:
            frames = [frame.to_ndarray(format="rgb24") for frame in clip.decode(video=0)]
        assert np.allclose(frames[int(25 * 3.5)][30:50, 60:100].mean(axis=(0, 1)), expected, atol=8)


def test_parts_of_a_video_without_a_chosen_still_are_named(made: PackStore, tmp_path: Path) -> None:
    digests = {row.name: row.digest for row in made.catalogue.sources().values()}
    for name, is_pinned in (("b.mp4", False), ("c.mp4", True)):
        facts = {"identity": {"time_seconds": 9.0}, "width_px": 64, "height_px": 48, "is_pinned": is_pinned}
        still = Item(name="still_0001_01.jpg", media_type="image/jpeg", data=picture(64, 48, 3), facts=facts)
        made.result(digests[name], "video.stills", still)
    highlight = Highlight(seconds_each=PART_SECONDS, longest_side_px=160)
    built = make_pack(made, tmp_path / "pack", take=("stills", "clips"), highlight=highlight)
    assert built.highlight is not None
    first, second = built.highlight.parts
    assert (first.source.name, first.moving_seconds, first.stills_seconds) == ("b.mp4", (0.0, 1.0), (9.0,))
    assert (second.source.name, second.is_pinned) == ("c.mp4", True)
    without = PartShown(source=first.source, moving_seconds=(0.0, 1.0), stills_seconds=(), has_stills=False)
    assert list(_parts_in_words([first, second, without])) == [
        "it shows of b.mp4 0.0 to 1.0 s: no still of it is made: "
        "`still_seconds` of a video in release.toml chooses its still, and with it what moves, once `marsmedia ingest` "
        "makes it",
        "it shows of b.mp4 0.0 to 1.0 s and the still at 9.00 s: "
        "`still_seconds` of a video in release.toml chooses its still, and with it what moves",
        "it shows of c.mp4 0.0 to 1.0 s and the still at 9.00 s: "
        'the chosen still is not in the preview: with "full video" in `take` it moves',
    ]


def with_stills(made: PackStore, name: str, *facts: dict[str, Any]) -> None:
    """Give a video stills of its shots."""
    digest = next(row.digest for row in made.catalogue.sources().values() if row.name == name)
    stills = [
        Item(name=f"still_{shot:04}_01.jpg", media_type="image/jpeg", data=picture(64, 48, 30 + shot), facts=one)
        for shot, one in enumerate(facts, start=1)
    ]
    made.result(digest, "video.stills", *stills)


@pytest.mark.parametrize(
    ("take", "stills", "frames", "scene_count", "told"),
    [
        (("stills", "clips"), [(2.0, 1, True)], range(37, 61), 1, []),
        (("stills", "clips"), [(1.2, 2, False), (2.0, 1, False)], range(37, 61), 2, [(1.5, 2.5)]),
        (("stills", "clips"), [(2.0, 1, False), (1.2, 2, True)], range(17, 41), 2, []),
        (("stills", "clips"), [(0.2, 1, True)], range(24), 1, []),
        (("stills", "clips"), [(2.9, 1, True)], range(50, 74), 1, []),
        (("stills", "clips"), [(9.0, 1, True)], range(50, 74), 2, [(2.0, 3.0)]),
        (("stills", "full video"), [(9.0, 1, True)], range(212, 236), 1, []),
        (("stills", "full video"), [], range(24), 1, [(0.0, 1.0)]),
    ],
)
def test_what_moves_of_a_video_is_around_its_best_still(
    made: PackStore,
    tmp_path: Path,
    take: tuple[str, ...],
    stills: list[tuple[float, int, bool]],
    frames: range,
    scene_count: int,
    told: list[tuple[float, float]],
) -> None:
    """The preview has the first 3 s of 10; of the stills time, rank and choice are given."""
    facts = [{"identity": {"time_seconds": at}, "rank": rank, "is_pinned": is_pinned} for at, rank, is_pinned in stills]
    digest = next(row.digest for row in made.catalogue.sources().values() if row.name == "b.mp4")
    for name, processor, count, known in (
        ("preview.mp4", "video.preview", 75, {"start_seconds": 0.0, "end_seconds": 3.0}),
        ("video.mp4", "video.web", 250, {"start_seconds": 0.0, "duration_seconds": 10.0}),
    ):
        data = MediaMaker(tmp_path).video(f"made-{name}", list(range(count))).path.read_bytes()
        item = Item(name=name, media_type="video/mp4", data=data, facts=known | {"width_px": 128, "height_px": 96})
        made.result(digest, processor, item, key="newer", made_utc=LATER)
    if facts:
        with_stills(made, "b.mp4", *facts)
    highlight = Highlight(seconds_each=PART_SECONDS, longest_side_px=160)
    built = make_pack(made, tmp_path / "pack", selection=("b.mp4",), take=take, highlight=highlight)
    (clip,) = (tmp_path / "pack/data").rglob("highlight.mp4")
    with av.open(str(clip)) as container:
        shown = [frame.to_ndarray(format="rgb24")[:, 20:140] for frame in container.decode(video=0)]
    assert [number_of(one) for one in shown[75:99]] == list(frames)
    assert len(shown) == 25 * (3 + scene_count + 3)
    assert built.highlight is not None
    assert [one.moving_seconds for one in built.highlight.parts] == told


@pytest.mark.parametrize(
    ("still_seconds", "seconds_each", "first", "stands_seconds"),
    [(10.9, 1.0, 100, None), (7.1, 1.0, 25, None), (8.0, 4.4, 25, 0.4)],
)
def test_an_excerpt_moves_within_the_pictures_of_a_copy_with_longer_sound(
    made: PackStore, tmp_path: Path, still_seconds: float, seconds_each: float, first: int, stands_seconds: float | None
) -> None:
    """A copy of 10 s begins at 6 s; its first picture stands for 1 s, and after 4 s more the last one."""
    shown = [*(25 * [25]), *range(25, 125), *(125 * [124])]
    facts = {"start_seconds": 6.0, "duration_seconds": 10.0, "width_px": 128, "height_px": 96}
    pictures = {"pictures_start_seconds": 7.0, "pictures_end_seconds": 11.0}
    ticks = [0, *range(26, 125)]
    copy = MediaMaker(tmp_path).video("made.mp4", ticks).path.read_bytes()
    digest = next(row.digest for row in made.catalogue.sources().values() if row.name == "b.mp4")
    item = Item(name="video.mp4", media_type="video/mp4", data=copy, facts=facts | pictures)
    made.result(digest, "video.web", item, key="newer", made_utc=LATER)
    with_stills(made, "b.mp4", {"identity": {"time_seconds": still_seconds}, "rank": 1, "is_pinned": True})
    highlight = Highlight(seconds_each=seconds_each, longest_side_px=160)
    take = ("stills", "full video")
    built = make_pack(made, tmp_path / "pack", selection=("b.mp4",), take=take, highlight=highlight)
    (clip,) = (tmp_path / "pack/data").rglob("highlight.mp4")
    with av.open(str(clip)) as container:
        frames = [frame.to_ndarray(format="rgb24")[:, 20:140] for frame in container.decode(video=0)]
    numbers = [shown[first + number] for number in range(round(25 * seconds_each))]
    assert [ticks[number_of(one)] or 25 for one in frames[75 : 75 + len(numbers)]] == numbers
    assert built.highlight is not None
    assert [round(one.seconds, 6) for one in built.highlight.standstills] == (
        [stands_seconds] if stands_seconds else []
    )


def test_a_still_near_the_end_of_the_sound_is_heard_with_its_last_seconds(made: PackStore, tmp_path: Path) -> None:
    """One still 0.2 s before the end of 3 s of sound, and one after it, where the video is silent."""
    digest = next(row.digest for row in made.catalogue.sources().values() if row.name == "b.mp4")
    rising = np.concatenate([np.sin(2 * np.pi * hz * np.arange(44100) / 44100) for hz in (600, 900, 1200)])
    buffer = io.BytesIO()
    soundfile.write(buffer, 0.5 * rising, 44100, format="FLAC")
    made.result(digest, "audio.renditions", Item(name="audible.flac", media_type="audio/flac", data=buffer.getvalue()))
    stills = [
        Item(
            name=f"still_{shot:04}_01.jpg",
            media_type="image/jpeg",
            data=picture(64, 48, 20 + shot),
            facts={"identity": {"time_seconds": seconds}, "width_px": 64, "height_px": 48},
        )
        for shot, seconds in ((1, 2.8), (2, 3.5))
    ]
    made.result(digest, "video.stills", *stills)
    highlight = Highlight(seconds_each=PART_SECONDS, longest_side_px=160)
    built = make_pack(made, tmp_path / "pack", selection=("b.mp4",), take=("stills", "sound"), highlight=highlight)
    assert loudest_hz(tmp_path / "pack")[3:6] == [600, 1200, None]
    assert built.highlight is not None
    assert [(one.source.name, one.seconds) for one in built.highlight.silences] == [("b.mp4", PART_SECONDS)]


def test_scenes_follow_the_order_of_the_selection(made: PackStore, tmp_path: Path) -> None:
    highlight = Highlight(seconds_each=PART_SECONDS, longest_side_px=160)
    chosen = {"take": ("stills", "clips", "sound"), "highlight": highlight}
    for number, (words, expected) in enumerate(
        (
            (("c.mp4", "a.jpg", "b*"), ["c.mp4", "a.jpg", "b.mp4"]),
            (("*.mp4", "a.jpg"), ["b.mp4", "c.mp4", "a.jpg"]),
            (("release=june",), ["a.jpg", "b.mp4", "c.mp4"]),
        )
    ):
        built = make_pack(made, tmp_path / str(number), selection=words, **chosen)
        assert built.highlight is not None
        assert [one.name for one in built.highlight.shown] == expected


def test_letters_are_drawn_in_the_named_font_as_far_as_it_has_them() -> None:
    named = Path(str(load_font(22).path))  # Latin, Hebrew and more, nothing Chinese

    def drawn(title: str, font: Path | None) -> Frame:
        return Cards(width_px=320, font=font).text([title], [])

    assert not np.array_equal(drawn("车辙", None), drawn("着陆", None))
    assert not np.array_equal(drawn("שלום", None), drawn("שלום", named))
    for title in ("车辙", "Mars", "Mars \U0001f680"):
        assert np.array_equal(drawn(title, None), drawn(title, named))
    scene = Cards(width_px=320).scene(Image.new("RGB", (32, 18)), "车辙", "CNSA")
    assert scene.shape == (180, 320, 3)


def test_a_font_that_replaces_another_at_its_path_is_used(tmp_path: Path) -> None:
    first, second = (Path(str(load_font(22, is_bold=is_bold).path)) for is_bold in (False, True))
    replaced = tmp_path / "font.ttf"

    def drawn(font: Path) -> Frame:
        return Cards(width_px=320, font=font).text(["שלום"], [])

    for font in (first, second):
        replaced.write_bytes(font.read_bytes())
        assert np.array_equal(drawn(replaced), drawn(font))
    assert not np.array_equal(drawn(first), drawn(second))


def test_packs_whose_clips_differ_in_their_font_have_other_identifiers(made: PackStore, tmp_path: Path) -> None:
    chosen: dict[str, Any] = {"take": ("stills",), "selection": ("a.jpg",)}
    fonts = (None, Path(str(load_font(22).path)))
    found = [
        make_pack(made, tmp_path / str(number), highlight=Highlight(longest_side_px=320, font=font), **chosen)
        for number, font in enumerate((*fonts, *fonts))
    ]
    first, second, *again = [one.identity.urn for one in found]
    assert first != second
    assert again == [first, second]
    with pytest.raises(RequestError, match="highlight: font: no such file"):
        make_pack(made, tmp_path / "none", highlight=Highlight(font=tmp_path / "none.otf"), **chosen)


def test_what_is_no_font_is_refused_with_its_key(tmp_path: Path) -> None:
    (tmp_path / "text.ttf").write_text("no font")
    for name, fault in (("none.otf", "no such file"), ("text.ttf", "not a TrueType or OpenType font")):
        with pytest.raises(RequestError) as caught:
            Cards(width_px=320, font=tmp_path / name)
        assert str(caught.value) == (
            f"highlight: font: {fault} ({tmp_path / name}); name one, relative to the recipe, or leave the key out"
        )


LANDER = "Zhurong's landing platform, seen from sixty metres to the south · 从南面六十米处拍摄的祝融号着陆平台"


@pytest.mark.parametrize("width_px", [640, 1280, 3840])
def test_a_title_below_a_picture_is_whole_and_takes_further_rows_only_if_it_needs_them(width_px: int) -> None:
    cards, black = Cards(width_px=width_px), Image.new("RGB", (16, 9))
    (row,) = cards._wrapped(LANDER, width_px * 38 / 40, 30)
    assert row == LANDER
    long = f"{LANDER} · {LANDER}"
    rows = cards._wrapped(long, width_px * 38 / 40, 30)
    assert ("".join(rows).replace(" ", ""), len(rows)) == (long.replace(" ", ""), 2)
    one, two = cards.scene(black, LANDER, "CNSA"), cards.scene(black, long, "CNSA")
    higher = cards.size_px[1] // 24
    assert bar_px(two) - bar_px(one) == higher
    assert first_rows(["a", "b", "c"], 3) == ["a", "b", "c"]
    assert first_rows(["a", "b", "c"], 2) == ["a", "b …"]


@pytest.mark.parametrize(
    ("size_px", "shown_px"),
    [
        ((1600, 900), (1280, 720)),
        ((854, 480), (1280, 720)),  # 16:9 rounded to whole pixels
        ((1600, 1200), (853, 640)),
        ((900, 1600), (360, 640)),
        ((3200, 900), (1280, 360)),
    ],
)
def test_a_picture_of_other_proportions_than_the_clip_stands_whole_above_the_bar(
    size_px: tuple[int, int], shown_px: tuple[int, int]
) -> None:
    card = Cards(width_px=1280).scene(Image.new("RGB", size_px, "white"), "", "")
    lit = card.min(axis=2) == 255
    with_sound = Cards(width_px=1280).scene(Image.new("RGB", size_px, "white"), "", "CNSA " * 40)
    assert (with_sound[:500] == card[:500]).all()
    bar_px = 720 // 9
    if shown_px[1] == 720:
        assert lit[: 720 - bar_px].all()
        assert not lit[720 - bar_px :].any()
    else:
        assert not lit[720 - bar_px :].any()
        assert (int(lit.any(axis=0).sum()), int(lit.any(axis=1).sum())) == shown_px


def bar_px(scene: Frame) -> int:
    """Return the height of the bar below a black picture."""
    return int((scene[:, -1].sum(axis=1) > 0).sum())


def test_titles_on_cards_are_whole_and_smaller_where_they_are_long() -> None:
    cards = Cards(width_px=1280)
    english = (
        "First month of the Zhurong rover on Mars: pictures, videos and sounds for newspapers, radio and television"
    )
    chinese = "祝融号火星车首月的图片、视频与录音（2021年6月），供报纸、广播与电视使用，须注明来源与作者"
    for titles, lines, count in (
        (["Mars"], 18, 1),
        ([english, chinese], 18, 4),
        ([english * 2, chinese * 2], 22, 6),
        ([english * 30], 33, 9),
    ):
        rows, size, _ = cards._headings(titles)
        assert (size, len(rows)) == (lines, count)
        is_whole = "".join(rows).replace(" ", "") == "".join(titles).replace(" ", "")
        assert is_whole == (not rows[-1].endswith("…"))
        assert all(sum(width for *_, width in cards._runs(row, 720 / size)) <= 1280 for row in rows)


def test_lines_are_wrapped_by_width_and_what_cannot_be_drawn_is_a_dot() -> None:
    assert wrapped_to_columns("Wheel tracks behind the rover", 14) == ["Wheel tracks", "behind the", "rover"]
    assert wrapped_to_columns("火星车车辙", 4) == ["火星", "车车", "辙"]
    assert without_unknown("Mars “车辙” 1 \U0001f680") == "Mars “车辙” 1 ·"
    assert without_unknown("Zhùróng, Huǒxīng, nǚ: 20 ℃, Ⅴ, ∼") == "Zhùróng, Huoxīng, nu: 20 °C, V, ·"
    assert wrapped_to_columns("", 10) == []
    assert wrapped_to_columns("see https://example.org/", 10) == ["see https:", "//example.", "org/"]


def test_a_title_is_shown_in_each_language_of_the_pack(made: PackStore, tmp_path: Path) -> None:
    from processors.packs.contents.subject import subjects
    from processors.packs.highlight.clip_frames import _title
    from processors.packs.recipe.pack_recipe import PackRecipe
    from processors.store.catalogue.catalogue import Catalogue
    from processors.store.catalogue.selection import parse, select

    catalogue = Catalogue(made.store)
    found = {one.name: one for one in subjects(select(parse(["*"]), catalogue), made.store, catalogue)}
    assert _title(found["a.jpg"], PackRecipe(title=Text())) == "Tracks · 车辙"
    assert _title(found["a.jpg"], PackRecipe(title=Text(), languages=("zh",))) == "车辙"
    assert _title(found["b.mp4"], PackRecipe(title=Text())) == "", "a file name is no title"


def test_a_clip_and_the_bag_are_in_the_languages_of_the_pack_alone(made: PackStore, tmp_path: Path) -> None:
    out, title = tmp_path / "pack", Text(en="Covers", zh="封面")
    make_pack(
        made,
        out,
        take=("stills",),
        highlight=Highlight(seconds_each=0.5),
        languages=("zh",),
        title=title,
        audience="press",
    )
    (clip,) = out.rglob("highlight.mp4")
    with av.open(str(clip)) as file:
        tags = dict(file.metadata)
    assert tags["title"] == "封面"
    assert tags["comment"].startswith("集锦")
    assert [word for word in ("Covers", "Highlight", "Not cleared") if word in str(tags)] == []
    assert b'xml:lang="en"' not in clip.read_bytes().partition(b"<dc:rights>")[0]
    assert [line for line in (out / "bag-info.txt").read_text().splitlines() if line.startswith("Title: ")] == [
        "Title: 封面"
    ]


def test_a_pack_finds_the_pictures_that_it_would_show_twice_by_itself(made: PackStore, tmp_path: Path) -> None:
    """`a.png` has the preview of `a.jpg`, `d.jpg` one of its own; nobody has run `marsmedia links`."""
    for name, seed in (("a.png", 0), ("d.jpg", 7)):
        digest = made.source(name, "photo", "jpeg", picture(64, 48, seed + 1) + name.encode())
        made.said(digest, evidence("Tracks", redistribute=True))
        preview = picture(64, 48, seed)
        made.result(digest, "photo.preview", Item(name="preview_1024.jpg", media_type="image/jpeg", data=preview))
    recipe = PackRecipe(
        title=Text(en="Tracks"),
        selection=("*.jpg", "*.png"),
        take=("stills",),
        highlight=Highlight(seconds_each=PART_SECONDS, longest_side_px=160),
    )
    built = build_pack(recipe, tmp_path / "pack", made.store)
    assert built.repeated == ("june/a.png is the same picture as june/a.jpg",)
    assert built.highlight is not None
    assert [one.name for one in built.highlight.shown] == ["a.jpg", "d.jpg"]


def test_a_picture_that_two_sources_show_is_in_the_clip_once_and_is_named(made: PackStore, tmp_path: Path) -> None:
    """The link says that `a.tif` is `a.jpg`; `d.jpg` is only much like it."""
    (photo,) = (row.digest for row in made.catalogue.sources().values() if row.name == "a.jpg")
    ends = {}
    for name, score in (("a.tif", 0.9998), ("d.jpg", 0.97)):
        digest = made.source(name, "photo", "jpeg", picture(64, 48, len(name)) + name.encode())
        made.said(digest, evidence("Tracks", redistribute=True))
        made.pictures(digest, "photo.preview", {"preview_1024.jpg": (64, 48)})
        ends[digest] = SourceLink(
            kind="same picture", here=LinkEnd(source=digest), there=LinkEnd(source=photo), score=score
        )
    made.store.link({digest: [asdict(end)] for digest, end in ends.items()})
    highlight = Highlight(seconds_each=PART_SECONDS, longest_side_px=160)
    built = make_pack(made, tmp_path / "pack", take=("stills", "clips", "sound"), highlight=highlight)
    assert built.repeated == ("june/a.tif is the same picture as june/a.jpg",)
    assert built.highlight is not None
    assert [one.name for one in built.highlight.shown] == ["a.jpg", "b.mp4", "c.mp4", "d.jpg"]
    assert [(one.source.name, one.seconds) for one in built.highlight.silences] == [
        ("a.jpg", PART_SECONDS),
        ("d.jpg", PART_SECONDS),
    ]


def test_the_last_cards_have_each_different_credit_once(tmp_path: Path) -> None:
    made = PackStore(tmp_path)
    for number in range(30):
        photo = made.source(f"{number:02}.jpg", "photo", "jpeg", picture(64, 48, number))
        said = evidence(f"Picture {number}", redistribute=True)
        credit = next(one for one in said["statements"] if one["term"] == "photoshop:Credit")
        credit["value"] = f"Agency {number // 2}"
        made.said(photo, said)
        made.pictures(photo, "photo.preview", {"preview_1024.jpg": (64, 48)})
    highlight = Highlight(seconds_each=0.2, longest_side_px=640)
    built = make_pack(made, tmp_path / "pack", take=("stills",), highlight=highlight, languages=("en",))
    ends = Cards(width_px=640).texts(["Credits"], [f"Agency {number}" for number in range(15)])
    with av.open(str(tmp_path / "pack/data/highlight.mp4")) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(ends) == 2
    assert len(frames) == 75 + 30 * 5 + 2 * 75
    assert built.highlight is not None
    assert built.highlight.cards_seconds == 9.0
    for at, end in ((-100, ends[0]), (-1, ends[1])):
        assert np.abs(frames[at].astype(int) - end).mean() < 3
    assert not np.array_equal(ends[0], ends[1])
