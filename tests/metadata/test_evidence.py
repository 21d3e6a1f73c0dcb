"""Every voice on a source is kept, disagreements are shown, and a changed entry concerns only its own file."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from flows.cli.main import main
from flows.cli.printing.print_evidence import evidence_lines
from flows.run.run import Options, in_threads, run_ingest
from processors.contract import Source
from processors.errors import RefusedMedia
from processors.json_records import as_json
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.metadata.evidence_record import EvidenceFacts, EvidenceRecord
from processors.metadata.related_labels import RelatedLabels
from processors.metadata.release.release_context import release_context
from processors.metadata.tags.label import found, label_tags
from processors.metadata.weigh_evidence import Voices, weigh
from processors.mission.profile import load_profile, profile_names, read_product_name
from processors.store.store import Store
from tests.helpers.made_media import MediaMaker

NAME = "HX1-Ro_GRAS_NaTeCamA-F-001_SCI_N_20210625030542_20210625030542_00041_A.2B"
LABEL = b"""<?xml version="1.0"?>
<product_observational xmlns="http://pds.nasa.gov/pds4/pds/v1"><Observation_Area><TIME_COORDINATES>
<Start_Date_Time>2021-06-25T03:05:42Z</Start_Date_Time></TIME_COORDINATES></Observation_Area>
<file><FILE_NAME>other.2B</FILE_NAME></file></product_observational>"""


def evidence(
    name: str = "a.png",
    *,
    tags: tuple = (),
    entry: dict | None = None,
    head: dict | None = None,
    labels: dict[str, bytes] | None = None,
    mission: str | None = "tianwen-1",
    problems: tuple[str, ...] = (),
    known: dict[str, Any] | None = None,
) -> EvidenceRecord:
    source = Source(digest="0" * 64, size_bytes=9, name=name, medium="photo", format="png", has_sound=False)
    metadata: dict[str, Any] = {
        "tags": [{"namespace": n, "name": k, "value": v} for n, k, v in tags],
        "known": known or {},
        "problems": list(problems),
    }
    voices = Voices(
        source=source,
        name=name,
        metadata=metadata,
        head=({"mission": mission} if mission else {}) | (head or {}),
        entry=entry or {},
        labels={key: label_tags(data) for key, data in (labels or {}).items()},
        sidecars={},
        related=RelatedLabels(),
        claims=(),
    )
    return weigh(voices, load_profile(mission) if mission else None)


def test_a_day_in_beijing_stays_a_day_and_two_sols() -> None:
    record = evidence(entry={"date": "2021-06-16", "date_zone": "Beijing", "event": "track-photo"})
    assert record.taken is not None
    assert (record.taken.utc, record.taken.local_true_solar_time_hours) == (None, None)
    assert (record.taken.first_sol, record.taken.last_sol) == (32, 33)
    assert record.taken.beijing_days == ("2021-06-16",)
    assert record.disagreements == ()
    assert record.event is not None
    assert record.event["precision"] == "day"


def test_a_minute_gives_both_clocks() -> None:
    record = evidence(entry={"date": "2021-05-22T02:40Z", "recorded_by": "recording device"})
    assert record.taken is not None
    assert record.taken.beijing == "2021-05-22T10:40:00+08:00"
    assert record.taken.first_sol == record.taken.last_sol == 8
    assert record.taken.local_true_solar_time_hours == pytest.approx(12 + 39 / 60 + 8.31 / 3600, abs=1e-3)
    assert record.camera == "Mars Climate Station sound sensor"


def test_file_label_release_and_profile_that_disagree_are_all_kept() -> None:
    record = evidence(
        NAME,
        tags=(("exif", "DateTimeOriginal", "2019:01:01 00:00:00"), ("exif", "DateTime", "2022:02:02 00:00:00")),
        entry={"date": "2021-06-16", "date_zone": "UTC", "event": "drive-off"},
        labels={"x.2BL": LABEL},
    )
    recorded = {d.about: {source: value for value, source in d.says} for d in record.disagreements}
    assert set(recorded["recorded"]) == {
        "release.toml:date",
        "file name",
        "file:exif:DateTimeOriginal",
        "profile tianwen-1:drive-off",
        "label x.2BL:Observation_Area/TIME_COORDINATES/Start_Date_Time",
    }
    assert recorded["file name"] == {"the file": NAME, "label x.2BL:file/FILE_NAME": "other.2B"}
    assert record.taken is not None
    assert (record.taken.source.split(":")[0], record.taken.first_sol) == ("label x.2BL", 41)
    written = [date.source for date in record.dates if date.meaning == "file written"]
    assert written == ["file:exif:DateTime"]


def test_an_impossible_date_is_a_problem_and_no_date() -> None:
    record = evidence(tags=(("exif", "DateTimeOriginal", "2021:13:45 99:99:99"),))
    assert record.taken is None
    assert "file:exif:DateTimeOriginal: date is" in record.problems[0]
    assert EvidenceFacts.of(record).first_sol is None


def test_without_statements_nothing_is_known() -> None:
    record = evidence(mission=None)
    assert (record.taken, record.event, record.camera, record.place) == (None, None, None, None)
    assert record.statements == record.dates == record.disagreements == ()


def test_rights_of_a_silent_release_come_from_the_profile() -> None:
    rights = {s.term: s.value for s in evidence().statements}
    assert (rights["dc:rights"], rights["marsmedia:redistribute"]) == ("unresolved", "false")
    stated = {s.term: s.value for s in evidence(entry={"rights": "<b>CC0</b>\x07"}).statements}
    assert stated["dc:rights"] == "<b>CC0</b>\x07"


def test_captions_alt_texts_credit_and_rights_have_standard_terms_and_languages() -> None:
    entry = {
        "caption": "Tracks <b>behind</b>",
        "caption_zh": "车辙",
        "alt_text": "Two tracks",
        "alt_text_zh": "两条",
        "credit": "CNSA",
        "rights": "unresolved",
        "redistribute": False,
    }
    statements = evidence(entry=entry).statements
    said = {(s.term, s.language): s.value for s in statements if s.source.startswith("release.toml:file.")}
    assert said == {
        ("dc:description", "en"): "Tracks <b>behind</b>",
        ("dc:description", "zh"): "车辙",
        ("Iptc4xmpCore:AltTextAccessibility", "en"): "Two tracks",
        ("Iptc4xmpCore:AltTextAccessibility", "zh"): "两条",
        ("photoshop:Credit", None): "CNSA",
        ("dc:rights", None): "unresolved",
        ("marsmedia:redistribute", None): "false",
    }


def test_synthetic_media_are_marked_with_the_iptc_term() -> None:
    said = [s.value for s in evidence(head={"synthetic": True}).statements if s.term.endswith("DigitalSourceType")]
    assert said == ["http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia"]
    assert not any(s.term.endswith("DigitalSourceType") for s in evidence(head={"synthetic": False}).statements)


@pytest.mark.parametrize(
    ("tags", "written", "precision", "zone"),
    [
        ({"DateCreated": "20210616", "TimeCreated": "103000+0800"}, "2021-06-16T10:30:00+0800", "second", "offset"),
        ({"DateCreated": "20210616"}, "2021-06-16", "day", "unknown"),
        ({"DateCreated": "20210600", "TimeCreated": "103000"}, "2021-06", "month", "unknown"),
        ({"OriginationDate": "2021-05-22", "OriginationTime": "02:40:05"}, "2021-05-22T02:40:05", "second", "unknown"),
        ({"OriginationDate": "2021-05-22"}, "2021-05-22", "day", "unknown"),
    ],
)
def test_a_date_in_two_parts_is_joined(tags: dict[str, str], written: str, precision: str, zone: str) -> None:
    namespace = "bext" if "OriginationDate" in tags else "iptc"
    (date,) = evidence(tags=tuple((namespace, name, value) for name, value in tags.items())).dates
    assert (date.meaning, date.written, date.precision, date.zone) == ("recorded", written, precision, zone)


def test_credit_and_city_of_the_iptc_record_are_stated() -> None:
    said = {
        (s.term, s.value) for s in evidence(tags=(("iptc", "Credit", "CNSA"), ("iptc", "City", "Beijing"))).statements
    }
    assert {("photoshop:Credit", "CNSA"), ("photoshop:City", "Beijing")} <= said


def test_a_cnsa_product_name_is_read() -> None:
    name = NAME.replace("_20210625030542_00041", "_20210625031000_00041")
    product = read_product_name(name.lower() + "L")
    assert product is not None
    assert product.start is not None
    assert product.stop is not None
    assert (product.start.written, product.stop.written, product.sol) == (
        "2021-06-25T03:05:42Z",
        "2021-06-25T03:10:00Z",
        41,
    )
    assert read_product_name(NAME.replace("20210625", "20210631")) is None
    assert read_product_name("holiday.jpg") is None


def test_a_pds3_label_is_read_with_its_objects() -> None:
    tags = label_tags(
        b'PDS_VERSION_ID = PDS3\r\nA = "two\r\n  lines" /* note */\r\nOBJECT = IMAGE\r\n LINES = 4\r\nEND\r\n'
    )
    assert [(tag.name, tag.value) for tag in tags] == [
        ("PDS_VERSION_ID", "PDS3"),
        ("A", "two lines"),
        ("IMAGE/LINES", "4"),
    ]


def test_camera_sol_and_local_time_fall_back_to_a_label() -> None:
    tags = (
        ("pds3", "INSTRUMENT_NAME", "PANORAMIC CAMERA RIGHT"),
        ("pds3", "PLANET_DAY_NUMBER", "68"),
        ("pds3", "LOCAL_TRUE_SOLAR_TIME", "12:30:36"),
    )
    facts = EvidenceFacts.of(evidence(tags=tags, mission=None))
    assert (facts.camera, facts.camera_source) == ("PANORAMIC CAMERA RIGHT", "label inside:INSTRUMENT_NAME")
    assert (facts.first_sol, facts.last_sol, facts.sol_source) == (68, 68, "label inside:PLANET_DAY_NUMBER")
    assert facts.local_true_solar_time_hours == 12.51
    dated = EvidenceFacts.of(evidence(tags=tags, entry={"date": "2021-05-22T02:40Z", "recorded_by": "NaTeCam"}))
    assert (dated.first_sol, dated.sol_source) == (8, "release.toml:date")
    pds4 = b"""<Product_Observational><Observing_System><Observing_System_Component><name>M2020</name><type>Host</type>
    </Observing_System_Component><Observing_System_Component><name>Mastcam-Z</name><type>Instrument</type>
    </Observing_System_Component></Observing_System><start_sol_number>7</start_sol_number></Product_Observational>"""
    beside = EvidenceFacts.of(evidence(labels={"a.xml": pds4}, mission=None))
    assert (beside.camera, beside.first_sol) == ("Mastcam-Z", 7)
    unreal = EvidenceFacts.of(evidence(tags=(("pds3", "PLANET_DAY_NUMBER", "many"),), mission=None))
    assert (unreal.first_sol, unreal.local_true_solar_time_hours) == (None, None)


@pytest.mark.parametrize(
    ("tags", "entry", "camera", "source"),
    [
        ([("exif", "Make", "Sony"), ("exif", "Model", "D5803")], {}, "Sony D5803", "file:exif:Model"),
        ([("exif", "Make", "Canon"), ("exif", "Model", "Canon EOS R5")], {}, "Canon EOS R5", "file:exif:Model"),
        ([("xmp", "tiff:Make", "DJI"), ("xmp", "tiff:Model", "FC7303")], {}, "DJI FC7303", "file:xmp:tiff:Model"),
        ([("exif", "Model", "D5803")], {}, "D5803", "file:exif:Model"),
        ([("exif", "Make", "-"), ("exif", "Model", "D5803")], {}, "- D5803", "file:exif:Model"),
        *(
            ([("exif", "Make", maker), ("exif", "Model", model)], {}, camera, "file:exif:Model")
            for maker, model, camera in [
                ("NIKON CORPORATION", "NIKON D850", "NIKON D850"),
                ("LEICA CAMERA AG", "LEICA M10", "LEICA M10"),
                ("Leica Camera AG", "DIGILUX 3 CAMERA", "Leica Camera AG DIGILUX 3 CAMERA"),
                ("EASTMAN KODAK COMPANY", "KODAK DC290", "KODAK DC290"),
                ("OLYMPUS IMAGING CORP.  ", "E-M1", "OLYMPUS IMAGING CORP. E-M1"),
                ("PENTAX Corporation", "PENTAX K-5", "PENTAX K-5"),
                ("HTC", "HTC_M8", "HTC_M8"),
                ("LG Electronics", "LG-H870", "LG-H870"),
                ("Hasselblad", "L1D-20c", "Hasselblad L1D-20c"),
                ("CNSA", "Zhurong (CNSA)", "Zhurong (CNSA)"),
                ("SONY", "ILCE-7M3", "SONY ILCE-7M3"),
                ("samsung", "SM-G991B", "samsung SM-G991B"),
            ]
        ),
        ([("exif", "Model", "NaTeCam")], {}, "navigation and terrain camera", "file:exif:Model"),
        ([("exif", "Make", "Sony"), ("exif", "Model", "D5803")], {"recorded_by": "a phone"}, None, None),
        ([("exif", "Make", "Sony")], {}, None, None),
    ],
)
def test_the_camera_that_a_file_itself_names_counts_where_nobody_else_names_one(
    tags: list[tuple[str, str, str]], entry: dict, camera: str | None, source: str | None
) -> None:
    models = [{"value": value, "source": f"{space}:{name}"} for space, name, value in tags if name.endswith("Model")]
    known = {"device": models[0]} if models else {}
    facts = EvidenceFacts.of(evidence(tags=tuple(tags), entry=entry, known=known))
    assert (facts.camera, facts.camera_source) == (camera, source)


def test_entities_in_a_label_are_refused() -> None:
    with pytest.raises(RefusedMedia, match="declares a document type or entities"):
        label_tags(b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>')


def test_real_labels_give_start_and_file(samples: Path) -> None:
    tags = label_tags((samples / "release/edl-microphone/mic_00000170_000_000000.xml").read_bytes())
    start, name = found(tags, "start_date_time"), found(tags, "file_name")
    assert start is not None
    assert name is not None
    assert (start.value, name.value) == ("2021-02-18T20:44:28.107000Z", "mic_00000170_000_000000.wav")


RECIPES = {"video": (), "audio": (), "photo": (Metadata(), Evidence())}


def ingest(raw: Path, store: Path) -> tuple[int, int, int]:
    report = run_ingest(raw, store, RECIPES, Options(workers=1), in_threads, name="test")  # type: ignore[arg-type]
    return report.results.made, report.results.reused, report.results.failed


def test_only_the_entry_that_changed_is_made_again(make: MediaMaker, tmp_path: Path) -> None:
    raw = tmp_path / "raw" / "june"
    raw.mkdir(parents=True)
    for number, name in enumerate(("a.png", "b.png")):
        make.photo(name, size=(64 + number, 64)).rename(raw / name)
    entries = "mission = 'tianwen-1'\n[[file]]\npath = 'a.png'\ndate = '2021-05-22T02:40Z'\nevent = 'drive-off'\n"
    (raw / "release.toml").write_text(entries + "[[file]]\npath = 'b.png'\ntitle = 'B'\n")
    store = tmp_path / "store"
    assert ingest(raw.parent, store) == (4, 0, 0)
    (raw / "release.toml").write_text(entries + "[[file]]\npath = 'b.png'\ntitle = 'Better'\n")
    assert ingest(raw.parent, store) == (1, 3, 0)
    (raw / "release.toml").write_text(entries + "[[file]]\npath = 'b.png'\ndate = '2021-02-30'\n")
    assert ingest(raw.parent, store) == (0, 3, 1)
    sql = "SELECT name, first_sol, event FROM known WHERE first_sol = 8"
    answer = CliRunner().invoke(main, ["query", sql, "--store", str(store), "--json"])
    assert json.loads(answer.output) == {"name": "a.png", "first_sol": 8, "event": "drive-off"}


def test_show_prints_time_sol_event_camera_and_every_disagreement() -> None:
    entry = {
        "date": "2021-06-16",
        "date_zone": "UTC",
        "event": "drive-off",
        "recorded_by": "rear hazard-avoidance camera",
    }
    record = evidence(entry=entry)
    assert EvidenceFacts.of(record).recorded_by == "rear hazard-avoidance camera"
    lines = evidence_lines(json.loads(json.dumps(as_json(record))))
    assert lines[:2] == [
        "when: 2021-06-16T00:00:00Z to 2021-06-17T00:00:00Z (to the day, UTC; from release.toml:date)",
        "sol: 32 to 33 (from release.toml:date)",
    ]
    assert [line.partition(":")[0] for line in lines[2:]] == ["event", "camera", "disagree about recorded"]
    assert lines[3] == "camera: hazard-avoidance camera (release.toml: rear hazard-avoidance camera)"


def test_a_named_file_that_is_missing_is_reported(make: MediaMaker, tmp_path: Path) -> None:
    raw = tmp_path / "raw" / "june"
    raw.mkdir(parents=True)
    make.photo("a.png", size=(64, 64)).rename(raw / "a.png")
    (raw / "release.toml").write_text("[[file]]\npath = 'gone.png'\n[[file]]\npath = '../a.png'\n")
    report = run_ingest(raw.parent, tmp_path / "store", RECIPES, Options(workers=1), in_threads, name="t")  # type: ignore[arg-type]
    told = [problem.reason for problem in report.problems]
    assert any("line 2 names 'gone.png', which is not in the release" in reason for reason in told)
    assert any("line 4: path: outside the release ('../a.png')" in reason for reason in told)
    assert report.exit_code == 0


MISSION_LABEL = b"""<?xml version="1.0"?><Product_Observational xmlns="http://pds.nasa.gov/pds4/pds/v1"><Observation_Area>
<Time_Coordinates><start_date_time>2021-02-20T10:00:00Z</start_date_time></Time_Coordinates>
<Investigation_Area><name>%b</name><type>Mission</type></Investigation_Area><Observing_System>
<Observing_System_Component><name>%b</name><type>Host</type></Observing_System_Component><Observing_System_Component>
<name>SuperCam microphone</name><type>Instrument</type></Observing_System_Component></Observing_System>
</Observation_Area></Product_Observational>"""


@pytest.mark.parametrize(
    ("investigation", "host", "mission"),
    [(b"Mars 2020", b"x", "perseverance"), (b"MARS_2020", b"x", "perseverance"), (b"x", b"mars2020", "perseverance"),
     (b"Tianwen-1", b"x", "tianwen-1"), (b"x", b"Zhurong", "tianwen-1"), (b"Phoenix", b"Phoenix Lander", "Phoenix"),
     (b"TIANWEN-1 MISSION", b"x", "tianwen-1"), (b"x", b"HX1-Ro NaTeCam", "tianwen-1"),
     (b"x", "天问一号着陆巡视器".encode(), "tianwen-1"), (b"x", "毅力号火星车".encode(), "perseverance"),
     (b"Mars 2020 Perseverance Rover Mission", b"x", "perseverance"), (b"Tianwen-10", b"x", "Tianwen-10"),
     (b"ExoMars 2020", b"x", "ExoMars 2020")],
)  # fmt: skip
def test_mission_is_found_by_any_of_its_names_in_a_label(investigation: bytes, host: bytes, mission: str) -> None:
    record = evidence(labels={"a.xml": MISSION_LABEL % (investigation, host)}, mission=None)
    assert record.mission == mission
    assert record.mission_source is not None
    assert record.mission_source.startswith("label a.xml:Observation_Area/")
    assert (EvidenceFacts.of(record).first_sol is None) == (mission not in profile_names())
    assert [one.about for one in record.disagreements] == []


def test_mission_of_a_label_gives_sol_and_camera(samples: Path) -> None:
    text = (samples / "release/edl-microphone/mic_00000170_000_000000.xml").read_bytes()
    facts = EvidenceFacts.of(evidence("mic_00000170_000_000000.wav", labels={"mic.xml": text}, mission=None))
    assert (facts.mission, facts.first_sol, facts.last_sol) == ("perseverance", 0, 0)
    assert facts.camera == "Mars 2020 Entry, Descent, and Landing Camera Suite (EDL)"


def test_label_of_another_mission_is_a_disagreement() -> None:
    record = evidence(labels={"a.xml": MISSION_LABEL % (b"Mars 2020", b"x")}, entry={"mission": "tianwen-1"})
    assert (record.mission, record.mission_source) == ("tianwen-1", "release.toml:file.mission")
    assert [one.says for one in record.disagreements if one.about == "mission"] == [
        (
            ("tianwen-1", "release.toml:file.mission"),
            ("Mars 2020", "label a.xml:Observation_Area/Investigation_Area/name"),
        )
    ]
    assert record.against_general == ()
    assert {one.value for one in record.statements if one.term == "photoshop:Credit"} == {"CNSA"}


CNSA_2021 = {"agency": "CNSA", "credit": "CNSA", "rights": "© CNSA 2021", "source": "https://cnsa.gov.cn"}
OF_OPPORTUNITY = (
    b'PDS_VERSION_ID = PDS3\nMISSION_NAME = "MARS EXPLORATION ROVER"\nSTART_TIME = 2015-07-24T08:12:00\nEND\n'
)


@pytest.mark.parametrize(
    ("label", "mission", "sols", "place", "credit", "may"),
    [
        (MISSION_LABEL % (b"Mars 2020", b"x"), "perseverance", "2 2", "77.45", "NASA/JPL-Caltech", False),
        (MISSION_LABEL % (b"Phoenix", b"Phoenix Lander"), "Phoenix", "None None", None, None, None),
        (OF_OPPORTUNITY, "MARS EXPLORATION ROVER", "None None", None, None, None),
    ],
)
def test_nothing_of_a_releases_mission_counts_for_a_file_whose_label_names_another(
    label: bytes, mission: str, sols: str, place: str | None, credit: str | None, may: bool | None
) -> None:
    head = {**CNSA_2021, "redistribute": True}
    record = evidence(labels={"a.lbl": label}, head=head, entry={"event": "touchdown"})
    facts = EvidenceFacts.of(record)
    assert (record.mission, record.event, facts.redistribute) == (mission, None, may)
    assert str(record.mission_source).startswith("label a.lbl:")
    assert f"{record.first_sol} {record.last_sol}" == sols
    assert (place or "") in str(record.place)
    assert (record.place is None) == (place is None)
    said = [str(one.value) for one in record.statements if one.term == "photoshop:Credit"]
    assert said == [credit] * (credit is not None)
    assert not {"CNSA", "© CNSA 2021"} & {str(one.value) for one in record.statements}
    (own, (general, source)) = record.against_general[0].says
    assert (record.against_general[0].about, own[1].split(":")[0]) == ("mission", "label a.lbl")
    assert (general, source) == ("tianwen-1", "release.toml:mission")


def test_a_prohibition_of_all_files_holds_for_one_whose_label_names_another_mission() -> None:
    record = evidence(labels={"a.lbl": OF_OPPORTUNITY}, head={**CNSA_2021, "redistribute": False})
    assert EvidenceFacts.of(record).redistribute is False


def test_a_permission_for_the_file_itself_holds_before_its_mission_is_settled() -> None:
    record = evidence(
        labels={"a.lbl": OF_OPPORTUNITY}, head={**CNSA_2021, "redistribute": True}, entry={"redistribute": True}
    )
    assert EvidenceFacts.of(record).redistribute is True
    assert [one.about for one in record.against_general] == ["mission"]


def test_sol_of_a_label_counts_for_missions_without_a_profile() -> None:
    label = (
        b'PDS_VERSION_ID = PDS3\nMISSION_NAME = "MARS EXPLORATION ROVER"\nINSTRUMENT_ID = NAVCAM_LEFT\n'
        b"PLANET_DAY_NUMBER = 4087\nSTART_TIME = 2015-07-24T08:12:00\nSOLAR_LONGITUDE = 17.5362 <deg>\n"
        b'LOCAL_TRUE_SOLAR_TIME = "15:22:15"\nEND\n'
    )
    record = evidence(labels={"a.lbl": label}, mission=None)
    facts = EvidenceFacts.of(record)
    assert record.taken is not None
    assert (record.taken.first_sol, record.taken.last_sol) == (4087, 4087)
    assert (facts.mission, facts.first_sol, facts.sol_source) == (
        "MARS EXPLORATION ROVER",
        4087,
        "label a.lbl:PLANET_DAY_NUMBER",
    )
    assert (facts.camera, facts.local_true_solar_time_hours) == ("NAVCAM_LEFT", 15.37083)
    assert evidence_lines(json.loads(json.dumps(as_json(record))))[1:] == [
        "sol: 4087 (from label a.lbl:PLANET_DAY_NUMBER)",
        "mission: MARS EXPLORATION ROVER (from label a.lbl:MISSION_NAME)",
        "camera: NAVCAM_LEFT (from label a.lbl:INSTRUMENT_ID)",
    ]
    undated = EvidenceFacts.of(evidence(labels={"a.lbl": label.replace(b"START_TIME", b"X")}, mission=None))
    assert (undated.first_sol, undated.solar_longitude_degrees, undated.date_source) == (4087, 17.5362, None)


def test_the_solar_longitude_of_a_label_precedes_a_computed_one_and_both_name_their_source() -> None:
    label = b"PDS_VERSION_ID = PDS3\nSTART_TIME = 2015-07-24T08:12:00\nSOLAR_LONGITUDE = 17.5362 <deg>\nEND\n"
    facts = EvidenceFacts.of(evidence(labels={"a.lbl": label}, mission=None))
    assert (facts.solar_longitude_degrees, facts.solar_longitude_source) == (17.5362, "label a.lbl:SOLAR_LONGITUDE")
    assert facts.date_source == "label a.lbl:START_TIME"
    without = label.replace(b"SOLAR_LONGITUDE", b"X")
    computed = EvidenceFacts.of(evidence(labels={"a.lbl": without}, mission=None))
    assert computed.solar_longitude_source == "computed from label a.lbl:START_TIME"
    assert computed.solar_longitude_degrees == pytest.approx(17.536, abs=0.3)


def test_an_equally_precise_date_of_release_toml_corrects_that_of_a_label() -> None:
    label = b"PDS_VERSION_ID = PDS3\nSTART_TIME = 2021-06-01T03:00:00Z\nEND\n"
    facts = EvidenceFacts.of(evidence(labels={"a.lbl": label}, entry={"date": "2021-06-01T03:00:07Z"}))
    assert (facts.earliest_utc, facts.date_source) == ("2021-06-01T03:00:07Z", "release.toml:date")
    rough = EvidenceFacts.of(evidence(labels={"a.lbl": label}, entry={"date": "2021-06-01"}))
    assert (rough.earliest_utc, rough.date_source) == ("2021-06-01T03:00:00Z", "label a.lbl:START_TIME")


def test_sol_of_a_label_narrows_a_day_and_contradicts_another_one() -> None:
    label = b"PDS_VERSION_ID = PDS3\nPLANET_DAY_NUMBER = %d\nEND\n"
    day = {"date": "2021-06-16", "date_zone": "Beijing"}
    narrowed = evidence(entry=day, labels={"a.lbl": label % 33})
    assert narrowed.taken is not None
    assert (narrowed.taken.first_sol, narrowed.taken.last_sol, narrowed.sol_source) == (
        33,
        33,
        "label a.lbl:PLANET_DAY_NUMBER",
    )
    apart = evidence(entry=day, labels={"a.lbl": label % 40})
    assert apart.taken is not None
    assert (apart.taken.first_sol, apart.taken.last_sol) == (32, 33)
    assert [one.says for one in apart.disagreements] == [
        (("40", "label a.lbl:PLANET_DAY_NUMBER"), ("32 to 33", "profile tianwen-1 from release.toml:date"))
    ]


def test_label_of_several_files_is_compared_by_the_part_about_this_one() -> None:
    files = b"".join(
        b"<File_Area_Observational><File><file_name>%b</file_name></File></File_Area_Observational>" % name
        for name in (b"b.png", b"a.png")
    )
    label = b'<?xml version="1.0"?><Product_Observational>%b</Product_Observational>'
    assert evidence(labels={"a.xml": label % files}).disagreements == ()
    other = evidence("c.png", labels={"a.xml": label % files}).disagreements
    assert [(one.about, one.says[1][0]) for one in other] == [("file name", "b.png, a.png")]


@pytest.mark.parametrize("kind", ["PDS4", "PDS3"])
def test_md5_of_a_label_is_compared_with_the_file(kind: str, make: MediaMaker, tmp_path: Path) -> None:
    raw = tmp_path / "raw" / "june"
    raw.mkdir(parents=True)
    data = make.photo("a.png").read_bytes()
    (raw / "a.png").write_bytes(data)
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    if kind == "PDS4":
        text = '<?xml version="1.0"?><!-- pds.nasa.gov/pds4 --><Product><File><file_name>a.png</file_name>'
        (raw / "a.xml").write_text(f"{text}<md5_checksum>{md5}</md5_checksum></File></Product>")
        place = "label a.xml:file/md5_checksum"
    else:
        (raw / "a.lbl").write_text(f'PDS_VERSION_ID = PDS3\n^DOCUMENT = "a.png"\nMD5_CHECKSUM = "{md5}"\nEND\n')
        place = "label a.lbl:MD5_CHECKSUM"
    assert ingest(raw.parent, tmp_path / "store") == (2, 0, 0)
    assert [(one.verdict, one.reason) for one in Store(tmp_path / "store").manifests()] == [("made", None)] * 2
    for path in raw.glob("a.[xl]*"):
        path.write_text(path.read_text().replace(md5, "0" * 32))
    assert ingest(raw.parent, tmp_path / "store")[2] == 0
    reasons = {one.reason for one in Store(tmp_path / "store").manifests() if one.ref.processor == "evidence"}
    assert reasons == {None, f"MD5 of the file is {md5}, but {place} gives {'0' * 32}"}


NASA = {
    "title": "June",
    "agency": "NASA",
    "credit": "NASA/JPL-Caltech",
    "rights": "public domain",
    "redistribute": True,
    "mission": "perseverance",
}


def test_a_file_of_another_mission_has_nothing_of_the_releases_mission_and_agency() -> None:
    entry = {"mission": "tianwen-1", "event": "track-photo"}
    context = release_context(NASA, entry)
    assert (context.mission, context.words.mission, context.words.credit) == ("tianwen-1", "Tianwen-1", "CNSA")
    record = evidence(head=NASA, entry=entry, mission=context.mission)
    assert (record.mission, record.mission_source) == ("tianwen-1", "release.toml:file.mission")
    assert record.event is not None
    said = {one.term: (one.value, one.source) for one in record.statements}
    assert said["dc:publisher"] == ("CNSA", "profile tianwen-1:agency")
    assert said["photoshop:Credit"] == ("CNSA", "profile tianwen-1:credit")
    assert said["dc:rights"] == ("unresolved", "profile tianwen-1:rights")
    assert said["marsmedia:redistribute"] == ("false", "profile tianwen-1:redistribute")
    assert record.disagreements == ()


def test_a_file_of_no_mission_with_a_profile_says_nothing_that_it_does_not_state() -> None:
    context = release_context(NASA, {"mission": "", "credit": "ESA"})
    assert (context.mission, context.words.mission, context.words.credit) == (None, "", "ESA")
    record = evidence(head=NASA, entry={"mission": "", "credit": "ESA"}, mission=None)
    assert [(one.term, one.value) for one in record.statements] == [("photoshop:Credit", "ESA")]


def test_a_file_of_another_agency_has_no_credit_of_the_release() -> None:
    record = evidence(
        head={"agency": "NASA", "credit": "NASA", "rights": "CC0"}, entry={"agency": "CNSA"}, mission=None
    )
    said = [(one.term, one.value) for one in record.statements]
    assert said == [("dc:publisher", "CNSA"), ("dc:rights", "CC0")]
    assert release_context({"agency": "NASA", "credit": "NASA"}, {"agency": "CNSA"}).words.credit == "CNSA"


def test_a_file_that_repeats_the_releases_mission_has_its_words() -> None:
    assert release_context(NASA, {"mission": "perseverance"}).words.credit == "NASA/JPL-Caltech"
