"""Four kinds of reader accept a pack: BagIt, RO-Crate, IIIF Presentation 3 and PDS4, each by its own validator."""

from __future__ import annotations

import csv
import importlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import bagit
import jsonschema
import pytest
from rocrate.rocrate import ROCrate

from processors.audio.levels.levels import LOUDNESS
from processors.contract import Item
from processors.languages.language import LANGUAGES
from processors.languages.text import Text
from processors.metadata.tags.xmp import xmp_tags
from processors.packs.build import build
from processors.packs.embedded.in_pictures import own_xmp
from processors.packs.recipe.pack_recipe import Highlight, PackRecipe, Pictures
from processors.packs.records.iso_date import iso_date
from processors.video.shots.shots import SHOTS
from tests.conftest import SAMPLES
from tests.helpers.pack_store import HOSTILE, PackStore, evidence, filled, make_pack, picture

etree: Any = importlib.import_module("lxml.etree")  # compiled, and without types
SCHEMAS = SAMPLES.parent / "schemas"


@pytest.fixture
def made(tmp_path: Path) -> PackStore:
    return filled(tmp_path)


@pytest.fixture
def pack(made: PackStore, tmp_path: Path) -> Path:
    make_pack(made, tmp_path / "pack")
    return tmp_path / "pack"


def check_all(pack: Path) -> None:
    """All four, where their schemas are at hand."""
    bagit.Bag(str(pack)).validate()
    check_crate(pack)
    if SCHEMAS.is_dir():
        check_iiif(pack)
        check_labels(pack)


def check_iiif(pack: Path) -> dict[str, Any]:
    schema = json.loads((SCHEMAS / "iiif_3_0.json").read_bytes())
    manifest = json.loads(next((pack / "data").rglob("iiif-manifest.json")).read_bytes())
    jsonschema.Draft7Validator(schema).validate(manifest)
    return manifest


def check_labels(pack: Path) -> list[Any]:
    schema = etree.XMLSchema(etree.parse(SCHEMAS / "PDS4_PDS_1Q00.xsd"))
    labels = [etree.parse(path) for path in sorted(pack.rglob("pds4-*.xml"))]
    for label in labels:
        schema.assertValid(label)
    return labels


def check_crate(pack: Path) -> ROCrate:
    """The library reads it; every file stands in it, every reference leads somewhere, every action is whole."""
    crate = ROCrate(pack / "data")
    entities = {entity.id: entity for entity in crate.get_entities()}
    files = {unquote(name) for name, entity in entities.items() if entity.type == "File"}
    there = {str(path.relative_to(pack / "data")) for path in (pack / "data").rglob("*") if path.is_file()}
    assert files == there - {"ro-crate-metadata.json"}
    graph = json.loads((pack / "data/ro-crate-metadata.json").read_bytes())["@graph"]
    names = [entity["@id"] for entity in graph]
    assert len(names) == len(set(names))
    outside = {"https://w3id.org/ro/crate/1.1"}
    assert referred(graph) - set(names) == outside
    actions = [entity for entity in graph if entity["@type"] == "CreateAction"]
    assert all(action["instrument"] and action["object"] and action["result"] for action in actions)
    return crate


def referred(value: Any) -> set[str]:
    if isinstance(value, list):
        return set().union(*(referred(one) for one in value))
    if isinstance(value, dict):
        inner = set().union(*(referred(one) for key, one in value.items() if key != "@id"))
        return inner | ({value["@id"]} if set(value) == {"@id"} else set())
    return set()


def record(said: dict[str, Any]) -> Item:
    return Item(name="evidence.json", media_type="application/json", data=json.dumps(said).encode())


@pytest.fixture
def schemas() -> Path:
    return SCHEMAS if SCHEMAS.is_dir() else pytest.skip("no ../shared/schemas beside the checkout")


def test_bagit_accepts_the_folder_and_sees_a_damage(pack: Path) -> None:
    bag = bagit.Bag(str(pack))
    bag.validate()
    assert sorted(bag.algorithms) == ["sha256", "sha512"]
    assert bag.info["Audience"] == "internal"
    (pack / "data/CREDITS.txt").write_text("changed")
    with pytest.raises(bagit.BagValidationError):
        bagit.Bag(str(pack)).validate()


def test_the_crate_relates_results_to_their_sources(pack: Path, made: PackStore) -> None:
    crate = check_crate(pack)
    root: Any = crate.root_dataset
    assert (root["name"], root["alternateName"]) == ("Tracks & wind", ["车辙与风"])
    actions = [entity for entity in crate.get_entities() if entity.type == "CreateAction"]
    frames: Any = next(action for action in actions if action["name"].startswith("video.frames"))
    assert frames["object"].id == "media/descent.mp4/original/descent.mp4"
    assert [result.id for result in frames["result"]] == [
        f"media/descent.mp4/video.frames/frame_00000{number}.jpg" for number in range(3)
    ]
    assert (frames["startTime"], frames["endTime"]) == ("2026-03-04T05:06:07+00:00", "2026-03-04T05:06:09+00:00")
    assert frames["description"] == 'Parameters: {"size":1.5}'
    tool: Any = frames["instrument"]
    assert (tool["name"], tool["softwareVersion"]) == ("video.frames", "1")
    libraries = sorted((library["name"], library["softwareVersion"]) for library in tool["softwareRequirements"])
    assert libraries == [("pillow", "11.3.0"), ("python", "3.11.7")]


def test_a_picture_made_for_the_pack_is_distinct_from_the_stored_one(made: PackStore, tmp_path: Path) -> None:
    make_pack(made, tmp_path / "pack", pictures=Pictures(longest_side_px=(50,)), take=("contact sheets",))
    crate = check_crate(tmp_path / "pack")
    actions = [entity for entity in crate.get_entities() if entity.type == "CreateAction"]
    made_of_it = [action for action in actions if not action.id.startswith("#label/")]
    by_tool: dict[str, Any] = {action["instrument"]["name"]: action for action in made_of_it}
    stored = by_tool["video.contact_sheet"]["result"]
    (sheet,) = (one for one in made.store.manifests() if one.ref.processor == "video.contact_sheet")
    assert stored.id == f"#video.contact-sheet-{sheet.ref.key[:16]}/contact_sheet.jpg"
    assert stored["identifier"] == f"urn:sha256:{sheet.items[0].sha256}"
    assert by_tool["marsmedia pack"]["object"].id == stored.id
    assert by_tool["marsmedia pack"]["result"].id == "media/descent.mp4/video.contact_sheet/contact_sheet_50.jpg"


def test_iiif_has_a_canvas_for_each_picture_video_and_sound(pack: Path, schemas: Path) -> None:
    manifest = check_iiif(pack)
    assert manifest["label"] == {"en": ["Tracks & wind"], "zh": ["车辙与风"]}
    bodies = [canvas["items"][0]["items"][0]["body"] for canvas in manifest["items"]]
    assert [(body["type"], body["id"].rpartition("/")[2]) for body in bodies] == [
        ("Video", "descent.mp4"),
        ("Image", "frame_000000.jpg"),
        ("Image", "frame_000001.jpg"),
        ("Image", "frame_000002.jpg"),
        ("Image", "contact_sheet.jpg"),
        ("Video", "preview.mp4"),
        ("Image", "tracks.jpg"),
        ("Image", "preview_1024.jpg"),
        ("Sound", "wind.wav"),
        ("Sound", "restored.wav"),
        ("Image", "spectrogram.png"),
    ]
    clip = manifest["items"][5]
    assert (clip["width"], clip["height"], clip["duration"]) == (640, 360, 4.0)
    assert clip["rights"] == "http://rightsstatements.org/vocab/UND/1.0/"
    assert clip["requiredStatement"]["value"] == {"none": ["CNSA"]}
    photo = manifest["items"][7]
    assert [one["id"].rpartition("/")[2] for one in photo["rendering"]] == ["preview_320.jpg"], "the same in less"
    assert [one["id"].rpartition("/")[2] for one in photo["thumbnail"]] == ["preview_320.jpg"]
    sound = manifest["items"][8]
    assert (sound["duration"], sound["rights"]) == (4.0, "http://rightsstatements.org/vocab/CNE/1.0/")
    assert [one["label"] for one in manifest["structures"]][1] == {"en": ["Wheel tracks"], "zh": ["车辙"]}


def test_iiif_has_ranges_for_events_and_shots_and_the_highlight(made: PackStore, tmp_path: Path, schemas: Path) -> None:
    shots = {"shots": [{"number": n + 1, "start_seconds": 2.0 * n, "end_seconds": 2.0 * n + 2} for n in range(2)]}
    video = next(row.digest for row in made.catalogue.sources().values() if row.name == "descent.mp4")
    data = json.dumps(shots).encode()
    made.result(video, "video.shots", Item(name="shots.json", media_type="application/json", data=data))
    for name, digest in ((row.name, row.digest) for row in made.catalogue.sources().values()):
        event = {"name": "touchdown", "title": "Touchdown", "title_zh": "着陆"}
        if name != "wind.wav":
            said = evidence(name, redistribute=True, event=event)
            made.result(digest, "evidence", record(said), key="later", made_utc="2026-03-05T00:00:00Z")
    highlight = Highlight(seconds_each=0.5, longest_side_px=160)
    make_pack(made, tmp_path / "pack", highlight=highlight, selection=("tracks.jpg",), take=("stills",))
    manifest = check_iiif(tmp_path / "pack")
    first = manifest["items"][0]
    assert (first["label"]["en"], first["label"]["zh"], first["duration"]) == (["Highlight"], ["集锦"], 6.48)
    make_pack(made, tmp_path / "videos", selection=("descent.mp4", "tracks.jpg"))
    (event,) = check_iiif(tmp_path / "videos")["structures"]
    assert event["label"] == {"en": ["Touchdown"], "zh": ["着陆"]}
    clip, photo = event["items"]
    assert [one["label"]["en"] for one in clip["items"][:2]] == [["Shot 1"], ["Shot 2"]]
    assert [one["items"][0]["id"].rpartition("#")[2] for one in clip["items"][:2]] == ["t=0.000,2.000", "t=2.000,4.000"]
    assert photo["label"]["en"] == ["tracks.jpg"]


def test_alternative_text_comes_from_the_caption_or_is_declared_missing(pack: Path, schemas: Path) -> None:
    def alternative(canvas: dict[str, Any]) -> dict[str, list[str]]:
        return next(f["value"] for f in canvas["metadata"] if f["label"]["en"] == ["Alternative text"])

    manifest = check_iiif(pack)
    frame, photo = manifest["items"][1], manifest["items"][7]
    assert alternative(photo)["en"] == [f"Photograph. {HOSTILE}"]
    assert alternative(frame)["en"] == [
        "Frame at 1.250 s: Descent. Recorded by rear camera. Recorded on 16 June 2021, sol 32 or 33. "
        "(Put together by software from the record; not described by a person.)"
    ]
    assert alternative(frame)["zh"] == [
        "车辙：第 1.250 秒的画面。记录设备：rear camera。记录时间：2021年6月16日（第 32 或 33 火星日）。"
        "（由软件根据记录自动生成，无人工描述。）"
    ]
    assert photo["summary"] == {"en": [HOSTILE]}


@pytest.mark.parametrize("caption", [None, "A caption"])
def test_a_stated_alternative_text_is_in_pictures_iiif_and_crate(tmp_path: Path, caption: str | None) -> None:
    made = PackStore(tmp_path)
    photo = made.source("a.jpg", "photo", "jpeg", picture(64, 48, 1))
    made.said(photo, evidence("Tracks", redistribute=True, caption=caption, alternative={"en": "Two tracks in sand"}))
    made.pictures(photo, "photo.preview", {"preview_1024.jpg": (64, 48)})
    made.pictures(photo, "audio.spectrogram_picture", {"spectrogram.jpg": (64, 48)})
    make_pack(made, tmp_path / "pack", credits_in_files=True, take=("stills", "spectrograms"))
    texts = {}
    for canvas in json.loads((tmp_path / "pack/data/iiif-manifest.json").read_bytes())["items"]:
        texts |= {canvas["items"][0]["items"][0]["body"]["id"].rpartition("/")[2]: canvas["metadata"][0]["value"]}
    assert texts["preview_1024.jpg"]["en"] == ["Two tracks in sand"]
    assert texts["spectrogram.jpg"]["en"] == [
        "Spectrogram of the sound: Tracks. Recorded by rear camera. Recorded on 16 June 2021, sol 32 or 33. "
        "(Put together by software from the record; not described by a person.)"
    ], "a plot does not show what its source shows"
    assert "自动生成" not in texts["preview_1024.jpg"]["zh"][0], "somebody has described it, if in another language"
    crate: Any = ROCrate(str(tmp_path / "pack/data")).get("media/a.jpg/photo.preview/preview_1024.jpg")
    assert (crate["description"], crate.get("caption")) == ("Two tracks in sand", caption)
    place = tmp_path / "pack/data/media/a.jpg/photo.preview/preview_1024.jpg"
    found = {tag.name: tag.value for tag in xmp_tags(own_xmp(place.read_bytes(), "image/jpeg") or b"")}
    assert "Two tracks in sand" in str(found["Iptc4xmpCore:AltTextAccessibility"])


def test_an_alternative_text_of_a_video_is_unchanged_only_in_the_still_that_the_release_has_chosen(
    tmp_path: Path,
) -> None:
    made = PackStore(tmp_path)
    video = made.source("a.mp4", "video", "mov,mp4,m4a,3gp,3g2,mj2", b"not really a video")
    stated = {"en": "The rover on its cables", "zh": "悬吊的火星车"}
    made.said(video, evidence("Descent", redistribute=True, caption="A caption", alternative=stated))
    stills = [
        Item(
            name=f"still_0001_0{number}.jpg",
            media_type="image/jpeg",
            data=picture(64, 36, number),
            facts={"is_pinned": number == 1, "identity": {"time_seconds": seconds}},
        )
        for number, seconds in ((1, 10.0), (2, 7.72))
    ]
    made.result(video, "video.stills", *stills)
    made.pictures(video, "video.frames", {"frame_000001.jpg": (64, 36)}, time_seconds=1.25)
    made.pictures(video, "video.contact_sheet", {"contact_sheet.jpg": (64, 36)})
    made.pictures(video, "audio.waveform", {"waveform.jpg": (64, 36)})
    make_pack(made, tmp_path / "pack", take=("stills", "frames", "contact sheets", "sound", "other"))
    crate = ROCrate(str(tmp_path / "pack/data"))
    pictures: list[Any] = [one for one in crate.get_entities() if one.id.endswith(".jpg")]
    assert {one.id.rpartition("/")[2]: one["description"] for one in pictures} == {
        "still_0001_01.jpg": "The rover on its cables",
        "still_0001_02.jpg": "Still at 7.720 s, of a video described as: The rover on its cables",
        "frame_000001.jpg": "Frame at 1.250 s, of a video described as: The rover on its cables",
        "contact_sheet.jpg": "Contact sheet: frames spread over the clip, each with its time. The rover on its cables",
        "waveform.jpg": "Waveform of the sound: Descent. Recorded by rear camera. Recorded on 16 June 2021, "
        "sol 32 or 33. (Put together by software from the record; not described by a person.)",
    }


def test_a_label_states_both_ends_of_the_recording_span_and_the_year_of_the_release(
    tmp_path: Path, schemas: Path
) -> None:
    made = PackStore(tmp_path)
    issued = {"term": "dcterms:issued", "value": "2021-06-27", "language": None, "source": "release.toml:released"}
    for name, medium, form in (("a.jpg", "photo", "jpeg"), ("b.wav", "audio", "wav")):
        said = evidence(name, redistribute=True)
        said["statements"].append(issued)
        made.said(made.source(name, medium, form, picture(64, 48, len(form))), said)
    make_pack(made, tmp_path / "pack", take=("originals",))
    names = {"p": "http://pds.nasa.gov/pds4/pds/v1"}
    photo, sound = check_labels(tmp_path / "pack")
    ends = [
        [label.findtext(f".//p:{end}_date_time", namespaces=names) for end in ("start", "stop")]
        for label in (photo, sound)
    ]
    assert ends == [["2021-06-15T16:00:00Z", "2021-06-16T16:00:00Z"], ["2021-06-15T16:00:00Z", "2021-06-16T16:00:04Z"]]
    years = [label.findtext(".//p:publication_year", namespaces=names) for label in (photo, sound)]
    assert years == ["2021", "2021"]


def test_credits_have_when_and_by_what_each_source_was_recorded_or_that_it_is_not_stated(pack: Path) -> None:
    paragraphs = (pack / "data/CREDITS.txt").read_text(encoding="utf-8").split("\n\n")
    found = {one.split("\n")[0]: [line for line in one.split("\n") if "记录" in line] for one in paragraphs[1:]}
    assert found["tracks.jpg"] == [
        "  Recorded / 记录时间: 16 June 2021 / 2021年6月16日",
        "  Recorded by / 记录设备: rear camera",
    ]
    assert found["wind.wav"] == [
        "  Recorded / 记录时间: not stated / 未说明",
        "  Recorded by / 记录设备: not stated / 未说明",
    ]


@pytest.mark.parametrize(("layout", "place"), [("source", ""), ("kind", "technical/")])
def test_the_readme_leads_to_the_manifest_in_the_pack_or_on_the_web(
    made: PackStore, tmp_path: Path, layout: Any, place: str
) -> None:
    make_pack(made, tmp_path / "pack", layout=layout)
    text = (tmp_path / "pack/README.txt").read_text(encoding="utf-8")
    assert (tmp_path / f"pack/data/{place}iiif-manifest.json").is_file()
    assert text.count(f"data/{place}iiif-manifest.json") == len(LANGUAGES), "once in each language"
    assert "localhost" not in text
    assert "a viewer on this computer reads it once `python3 -m http.server` runs in this folder" in text
    make_pack(made, tmp_path / "web", layout=layout, web_address="https://example.org/june/")
    text = (tmp_path / "web/README.txt").read_text(encoding="utf-8")
    assert text.count(f"https://example.org/june/{place}iiif-manifest.json") == len(LANGUAGES)
    assert "http.server" not in text


def test_labels_hold_the_facts_that_pds4_wants(pack: Path, schemas: Path) -> None:
    labels = check_labels(pack)
    assert len(labels) == 8
    names = {"p": "http://pds.nasa.gov/pds4/pds/v1"}
    by_title = {label.findtext(".//p:title", namespaces=names): label for label in labels}
    photo = by_title["Photograph: Wheel tracks"]
    files = [one.text for one in photo.iterfind(".//p:file_name", names)]
    assert files == ["preview_1024.jpg", "preview_320.jpg"]
    for name, size in zip(files, photo.iterfind(".//p:file_size", names), strict=True):
        path = pack / "data/media/tracks.jpg/photo.preview" / str(name)
        assert path.stat().st_size == int(size.text or "")
    assert photo.findtext(".//p:start_date_time", namespaces=names) == "2021-06-15T16:00:00Z"
    said = {one.text for label in labels for one in label.iterfind(".//p:description", names) if "Rights" in one.text}
    assert "Frame: Descent. Credit: CNSA. Rights: unresolved." in said
    nothing = "Credit: unknown: no credit line is given. Rights: unknown: no statement of rights is given."
    assert f"Recording: wind.wav. {nothing}" in said
    assert HOSTILE in (photo.findtext(".//p:Encoded_Image/p:description", namespaces=names) or "")
    assert (pack / "data/media/tracks.jpg/photo.preview/pds4-photo.preview.xml").read_text().count("<script>") == 0


def test_a_label_calls_derived_only_what_marsmedia_made(pack: Path, schemas: Path) -> None:
    names = {"p": "http://pds.nasa.gov/pds4/pds/v1"}
    found = [
        (
            label.findtext(".//p:file_name", "", names),
            label.findtext(".//p:Modification_Detail/p:description", "", names),
        )
        for label in check_labels(pack)
    ]
    assert sorted(found) == [
        *((name, "Derived and labelled by marsmedia.") for name in ("contact_sheet.jpg", "frame_000000.jpg")),
        *((name, "Derived and labelled by marsmedia.") for name in ("preview.mp4", "preview_1024.jpg", "restored.wav")),
        ("spectrogram.png", "Derived and labelled by marsmedia."),
        ("tracks.jpg", "Labelled by marsmedia; the file itself is as it was released."),
        ("wind.wav", "Labelled by marsmedia; the file itself is as it was released."),
    ]


@pytest.mark.parametrize("text", ["\ud83d\ude80 \x00\x1b[31m", "]]> <!-- &amp;", "x" * 3000, "\u202e evil"])
def test_any_text_stays_text_in_every_record(made: PackStore, tmp_path: Path, text: str) -> None:
    from tests.helpers.pack_store import evidence, picture

    digest = made.source("any.png", "photo", "png", picture(8, 8, 9, "PNG"))
    made.said(digest, evidence(text, redistribute=True, caption=text))
    made.pictures(digest, "photo.preview", {"preview_320.jpg": (32, 32)})
    make_pack(made, tmp_path / "any", selection=("any.png",))
    check_all(tmp_path / "any")
    if SCHEMAS.is_dir():
        assert len(check_labels(tmp_path / "any")) == 2, "one for the original, one for its preview"
    assert not [char for char in (tmp_path / "any/data/CREDITS.txt").read_text() if ord(char) < 32 and char != "\n"]


def test_names_with_blanks_and_chinese_are_found_by_every_reader(made: PackStore, tmp_path: Path) -> None:
    from tests.helpers.pack_store import picture

    digest = made.source("车辙 100% #1.jpg", "photo", "jpeg", picture(8, 8, 9))
    made.pictures(digest, "photo.preview", {"preview_320.jpg": (32, 32)})
    make_pack(made, tmp_path / "any", take=("originals", "stills"))
    check_all(tmp_path / "any")
    assert (tmp_path / "any/data/media/车辙 100_ _1.jpg/original/车辙 100_ _1.jpg").is_file()


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("2021:06:11 10:00:05", "2021-06-11T10:00:05"),
        ("2021:06:11 10:00:05.25+08:00", "2021-06-11T10:00:05.25+08:00"),
        ("2021:06:11", "2021-06-11"),
        ("2021:06", "2021-06"),
        ("2021-06-11 10:00:05Z", "2021-06-11T10:00:05Z"),
        ("2021-06-11T10:00:05Z", "2021-06-11T10:00:05Z"),
        ("2021", "2021"),
    ],
)
def test_a_crate_writes_dates_in_iso_8601(written: str, iso: str) -> None:
    assert iso_date(written) == iso


def test_a_data_dictionary_explains_the_tables_that_are_in_the_pack(made: PackStore, tmp_path: Path) -> None:
    levels = [column.name for column in LOUDNESS.columns]
    sound = next(row.digest for row in made.catalogue.sources().values() if row.name == "wind.wav")
    made.result(sound, "audio.levels", Item(name="loudness.csv", media_type="text/csv", data=b"a,b\n"))
    recipe = PackRecipe(title=Text(en="Tables"), audience="research", selection=("*",))
    tables = {"audio.levels": (LOUDNESS,), "video.shots": (SHOTS,)}
    build(recipe, tmp_path / "pack", made.store, asked=lambda row: frozenset(), tables=tables)
    with (tmp_path / "pack/data/data-dictionary.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["column"] for row in rows] == levels
    assert {row["table"] for row in rows} == {"loudness.csv"}
    assert all(row["unit"] and row["meaning"] for row in rows)
    check_all(tmp_path / "pack")
