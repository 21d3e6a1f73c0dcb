"""Who was given a pack can be told what has changed since: corrections, replaced files, withdrawn ones."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from flows.run.build_pack import build_pack, recipe_of
from flows.run.recipe_changes.load_recipes import wanted_today
from flows.run.reporting.report import Report
from processors.audio.levels.levels import Levels
from processors.audio.spectrogram.spectra import Spectra
from processors.audio.spectrogram.spectrogram import Spectrogram
from processors.engine.wanted_results import Recipes, WantedResult
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.packs.changed_sources import (
    BY_WEIGHT,
    CORRECTIONS,
    FIELDS,
    OF_COMPANIONS,
    OF_NUMBERS,
    OF_RESULTS,
    OF_RIGHTS,
    SourceChange,
    changes_in_words,
)
from processors.packs.registry import built_pack, built_packs, packed_results
from processors.photo.photo_preview import PhotoPreview
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.source_row import SourceRow
from processors.store.store import Store
from tests.helpers.command import in_this_process
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest

RECIPES: Recipes = {"photo": (Metadata(), Evidence(), PhotoPreview(longest_sides_px=(64,)))}
HEAD = 'title = "June"\ncredit = "CNSA"\nrights = "CC BY 4.0"\nredistribute = true\n'


@pytest.fixture
def june(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A release of three photos, and two packs: of all, and of one."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "raw/june"
    folder.mkdir(parents=True)
    for number, name in enumerate(("a", "b", "c")):
        photo(folder / f"{name}.png", number)
    (folder / "release.toml").write_text(HEAD)
    ingested()
    for selection, output in (("*", "desk"), ("b.png", "web")):
        build_pack(recipe_of([selection], audience="press"), Path(output), Store(Path("store")))
    return folder


def photo(path: Path, number: int) -> None:
    Image.new("RGB", (96, 64), (40 * number, 80, 120)).save(path)


def wanted(row: SourceRow) -> Sequence[WantedResult]:
    """Return the results that today's recipes want of a source."""
    return wanted_today(Catalogue(Store(Path("store"))).sources().values()).of(row)


def changes_since(pack: str) -> tuple[SourceChange, ...]:
    built = built_pack(Store(Path("store")), pack, wanted)
    assert built
    return built.changed


def ingested() -> Report:
    return ingest(Path("raw"), Path("store"), RECIPES)


def test_corrected_replaced_and_withdrawn_sources_of_a_pack_are_named(june: Path) -> None:
    assert [one.changed for one in built_packs(Store(Path("store")), wanted)] == [(), ()]
    unchanged = in_this_process("pack", "verify", "desk", "--store", "store").stdout.splitlines()
    assert unchanged[-1] == "no source has changed since it was built"
    (june / "release.toml").write_text(f'{HEAD}[[file]]\npath = "a.png"\ncredit = "CNSA/PEC"\ntitle = "Tracks"\n')
    photo(june / "b.png", 5)
    (june / "c.png").unlink()
    report = ingested()
    lines = sorted(str(one) for one in report.changes if one.file.endswith(".png"))
    assert [line.partition(": ")[0] for line in lines] == ["replaced", "withdrawn"]
    assert lines[0].endswith("...; in the packs desk, web")
    assert lines[1].startswith("withdrawn: june/c.png is no longer there (was ")
    assert lines[1].endswith("...); in the pack desk")
    said = "3 sources changed since: june/c.png withdrawn; june/b.png replaced; credit, title of june/a.png"
    listed = in_this_process("packs", "--store", "store").stdout.splitlines()
    assert listed[2:] == [f"desk: {said}", "web: 1 source changed since: june/b.png replaced"]
    verified = in_this_process("pack", "verify", "desk", "--store", "store")
    assert (verified.returncode, verified.stdout.splitlines()[-1]) == (0, said)
    told = json.loads(in_this_process("pack", "verify", "web", "--store", "store", "--json").stdout)
    (change,) = told["changed_since"]
    assert change == {"source": "june/b.png", "kind": "replaced", "about": [], "reason": None, "gone": None}


def test_what_the_last_ingest_has_not_read_is_never_called_unchanged(june: Path) -> None:
    (june / "release.toml").write_text(HEAD.replace("true", "false"))
    said = (
        "june/release.toml has changed since the last ingest: "
        "run `marsmedia ingest raw` to see which packs are concerned"
    )
    listed = in_this_process("packs", "--store", "store").stdout.splitlines()
    assert listed[2:] == [f"desk: {said}", f"web: {said}"]
    for line in in_this_process("packs", "--store", "store", "--json").stdout.splitlines():
        told = json.loads(line)
        assert (told["changed"], told["changed_descriptions"]) == ([], ["june/release.toml"])
    verified = in_this_process("pack", "verify", "web", "--store", "store")
    assert (verified.returncode, verified.stdout.splitlines()[1:]) == (0, [said])
    told = json.loads(in_this_process("pack", "verify", "web", "--store", "store", "--json").stdout)
    assert (told["changed_since"], told["changed_descriptions"]) == ([], ["june/release.toml"])
    ingested()
    verified = in_this_process("pack", "verify", "web", "--store", "store")
    said = "1 source changed since: june/b.png may no longer be passed on"
    assert (verified.returncode, verified.stdout.splitlines()[1:]) == (1, [said])
    assert in_this_process("pack", "verify", "web", "--store", "store", "--json").returncode == 1
    assert in_this_process("pack", "verify", "web").returncode == 0
    (june / "release.toml").unlink()
    verified = in_this_process("pack", "verify", "web", "--store", "store").stdout.splitlines()
    assert verified[1] == "1 source changed since: june/b.png may no longer be passed on"
    assert verified[2].startswith("june/release.toml is gone since the last ingest: run")


def test_a_description_next_to_the_same_bytes_elsewhere_is_named_and_another_release_is_not(june: Path) -> None:
    for name, source in (("july", june / "b.png"), ("may", june / "a.png")):
        (folder := Path("raw") / name).mkdir()
        (folder / "again.png").write_bytes(source.read_bytes())
        (folder / "release.toml").write_text(HEAD)
    ingested()
    for name in ("july", "may"):
        Path("raw", name, "release.toml").write_text(HEAD.replace("true", "false"))
    (web,) = (one for one in built_packs(Store(Path("store")), wanted) if one.pack.endswith("web"))
    assert [str(one) for one in web.changed_descriptions] == ["july/release.toml has changed since the last ingest"]


def test_of_an_unknown_pack_nothing_is_told_and_the_exit_code_says_so(june: Path) -> None:
    Path("web").rename("other")
    verified = in_this_process("pack", "verify", "other", "--store", "store")
    assert (verified.returncode, verified.stdout.splitlines()[1:], verified.stderr) == (
        2,
        [],
        "marsmedia: no pack of this path or name was built from store, so whether its sources have changed is unknown; "
        "`marsmedia packs --store store` lists those that were\n",
    )
    verified = in_this_process("pack", "verify", "other", "--store", "store", "--json")
    told = json.loads(verified.stdout)
    assert (verified.returncode, told["changed_since"], told["changed_descriptions"]) == (2, None, None)
    assert in_this_process("pack", "verify", "other").returncode == 0
    Path("other/bagit.txt").unlink()
    assert in_this_process("pack", "verify", "other", "--store", "store").returncode == 1, "it is damaged too"


@pytest.mark.parametrize("name", ["late", "late.zip"])
def test_a_pack_is_known_by_its_path_however_that_is_written(
    june: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("sub").mkdir()
    Path("link").symlink_to(june.parents[1])
    monkeypatch.chdir("sub")
    store = Path("../store")
    build_pack(recipe_of(["b.png"], audience="press"), Path("..", name), Store(store))
    (record,) = store.glob("packs/late*.json")
    told = json.loads(record.read_text())
    assert told["pack"] == str(june.parents[1] / name)
    (june / "release.toml").write_text(HEAD.replace("true", "false"))
    ingest(Path("../raw"), store, RECIPES)

    def verified() -> set[tuple[int, str]]:
        ways = (f"../{name}", f"../sub/../{name}", june.parents[1] / name, f"../link/{name}")
        done = [in_this_process("pack", "verify", way, "--store", store) for way in ways]
        return {(one.returncode, one.stdout.splitlines()[1]) for one in done}

    expected = {(1, "1 source changed since: june/b.png may no longer be passed on")}
    assert verified() == expected
    record.write_text(json.dumps({**told, "pack": str(Path("..", name).absolute())}))
    assert verified() == expected, "as earlier versions recorded it"
    assert in_this_process("pack", "forget", f"../{name}", "--store", store).returncode == 0
    assert not record.exists()


def test_a_run_names_packs_with_a_file_that_may_no_longer_be_passed_on(june: Path) -> None:
    head = HEAD.replace('"June"', '"June release"')
    (june / "release.toml").write_text(
        f'{head}[[file]]\npath = "a.png"\ninstructions = "Embargoed until 1 July"\n'
        '[[file]]\npath = "b.png"\nredistribute = false\ntitle = "Tracks"\n[[file]]\npath = "c.png"\ntitle = "Wheel"\n'
    )
    told = [
        "june/b.png may no longer be passed on (title changed too); it is in the packs desk, web",
        "instructions of june/a.png changed; it is in the pack desk",
    ]
    assert ingested().advice == tuple(told)
    assert in_this_process("packs", "--store", "store").stdout.splitlines()[2:] == [
        "desk: 3 sources changed since: june/b.png may no longer be passed on (title changed too); "
        "instructions of june/a.png; title of june/c.png",
        "web: 1 source changed since: june/b.png may no longer be passed on (title changed too)",
    ]
    (june / "release.toml").write_text(HEAD)
    assert ingested().advice[0].startswith("june/b.png may no longer be passed on; "), "a deleted entry permits nothing"
    (june / "release.toml").write_text(f'{HEAD}[[file]]\npath = "b.png"\nredistribute = true\n')
    assert ingested().advice == (), "as the packs have it"


def test_a_permission_given_since_is_named_as_one(june: Path) -> None:
    (june / "release.toml").write_text(HEAD.replace("true", "false"))
    ingested()
    build_pack(recipe_of(["b.png"], audience="press"), Path("late"), Store(Path("store")))
    (june / "release.toml").write_text(HEAD)
    assert ingested().advice == ("june/b.png may now be passed on; it is in the pack late",)


def test_a_prohibition_at_another_path_of_the_same_bytes_counts(june: Path) -> None:
    july = Path("raw/july")
    july.mkdir()
    (july / "again.png").write_bytes((june / "b.png").read_bytes())
    (july / "release.toml").write_text(HEAD.replace("true", "false"))
    told = "june/b.png may no longer be passed on"
    assert ingested().advice == (f"{told}; it is in the packs desk, web",)
    verified = in_this_process("pack", "verify", "web", "--store", "store").stdout.splitlines()
    assert verified[-1] == f"1 source changed since: {told}"
    (july / "release.toml").write_text(HEAD)
    assert ingested().advice == ()


@pytest.mark.parametrize(
    ("key", "about"),
    [
        ("still_seconds = 0.4", "still"),
        ("altitude_metres = 9.0\nfield_of_view_degrees = 60.0\naltitude_shot = 1", "altitude"),
        ('recorded_by = "rear camera"', "camera"),
    ],
)
def test_a_pack_is_out_of_date_where_other_results_or_words_are_asked_for(june: Path, key: str, about: str) -> None:
    (june / "release.toml").write_text(f'{HEAD}[[file]]\npath = "b.png"\n{key}\n')
    ingested()
    changes = changes_since("web")
    assert changes == (SourceChange(source="june/b.png", kind="corrected", about=(about,)),)
    verified = in_this_process("pack", "verify", "web", "--store", "store").stdout.splitlines()
    assert verified[-1] == f"1 source changed since: {about} of june/b.png"


def test_a_corrected_calibration_reaches_whoever_has_the_pascals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "raw/june"
    folder.mkdir(parents=True)
    MediaMaker(folder).tone("edl.wav", hz=1000.0, seconds=1.0)
    MediaMaker(folder).tone("other.wav", hz=500.0, seconds=1.0)
    (folder / "release.toml").write_text(
        f'calibrations = ["m.toml"]\n{HEAD}[[file]]\npath = "edl.wav"\nrecorded_by = "EDL microphone"\n'
    )

    def calibrated(pascals: float) -> Report:
        written = f'name = "M"\nsource = "note 3"\ninstrument = "EDL microphone"\nfull_scale_pascals = {pascals}\n'
        (folder / "m.toml").write_text(written)
        return ingest(Path("raw"), Path("store"), {"audio": (Evidence(), Levels(), Spectrogram(), Spectra())})

    calibrated(60.0)
    build_pack(recipe_of(["*"], audience="research"), Path("desk"), Store(Path("store")))
    assert in_this_process("packs", "--store", "store").stdout.splitlines()[1:] == []
    assert calibrated(45.0).advice == ("calibration of june/edl.wav changed; it is in the pack desk",)
    said = "1 source changed since: calibration of june/edl.wav"
    assert in_this_process("packs", "--store", "store").stdout.splitlines()[1:] == [f"desk: {said}"]
    assert in_this_process("pack", "verify", "desk", "--store", "store").stdout.splitlines()[-1] == said
    (told,) = json.loads(in_this_process("packs", "--store", "store", "--json").stdout)["changed"]
    assert (told["source"], told["kind"], told["about"]) == ("june/edl.wav", "corrected", ["calibration"])
    assert calibrated(60.0).advice == (), "as the pack has it"
    assert changes_since("desk") == ()


def test_a_camera_of_the_file_itself_that_an_earlier_version_did_not_count_has_not_changed(june: Path) -> None:
    tags = Image.Exif()
    tags[271], tags[272] = "NIKON CORPORATION", "NIKON D850"
    Image.new("RGB", (96, 64), (9, 9, 9)).save(june / "d.jpg", exif=tags)
    ingested()
    build_pack(recipe_of(["d.jpg"], audience="press"), Path("phone"), Store(Path("store")))
    assert "  Recorded by / 记录设备: NIKON D850\n" in Path("phone/data/documents/CREDITS.txt").read_text()
    (stored,) = (
        path for path in Path("store/results").rglob("evidence.json") if json.loads(path.read_text())["name"] == "d.jpg"
    )
    stored.chmod(0o644)
    stored.write_text(json.dumps({**json.loads(stored.read_text()), "camera": None, "camera_source": None}))
    (june / "release.toml").write_text(f'{HEAD}[[file]]\npath = "d.jpg"\ntitle = "Pad"\n')
    ingested()
    assert changes_since("phone") == (SourceChange(source="june/d.jpg", kind="corrected", about=("title",)),)
    (june / "release.toml").write_text(f'{HEAD}[[file]]\npath = "d.jpg"\nrecorded_by = "a phone"\n')
    ingested()
    assert changes_since("phone") == (SourceChange(source="june/d.jpg", kind="corrected", about=("camera",)),)


def test_a_corrected_camera_of_a_label_has_changed(june: Path) -> None:
    label = june / "e.lbl"
    described = 'PDS_VERSION_ID = PDS3\r\nINSTRUMENT_NAME = "{}"\r\n^IMAGE = "e.png"\r\nEND\r\n'
    photo(june / "e.png", 6)
    label.write_text(described.format("NAVCAM LEFT"))
    ingested()
    build_pack(recipe_of(["e.png"], audience="press"), Path("labelled"), Store(Path("store")))
    assert "  Recorded by / 记录设备: Navcam Left\n" in Path("labelled/data/documents/CREDITS.txt").read_text()
    label.write_text(described.format("NAVCAM RIGHT"))
    ingested()
    assert [str(one) for one in changes_since("labelled")] == ["camera of june/e.png"]


def test_a_moved_file_has_not_changed(june: Path) -> None:
    (june / "c.png").rename(june / "d.png")
    ingested()
    assert changes_since("desk") == ()


def test_prune_keeps_the_statements_by_which_corrections_are_known(june: Path) -> None:
    (june / "release.toml").write_text(HEAD.replace("CC BY 4.0", "unresolved"))
    ingested()
    store = Store(Path("store"))
    assert sum(ref.processor == "evidence" for ref in packed_results(store)) == 3
    assert in_this_process("prune", "--yes", "--store", "store").returncode == 0
    changes = changes_since("web")
    assert [str(one) for one in changes] == ["rights of june/b.png"]


def test_of_a_pack_of_an_earlier_version_what_is_gone_is_known(june: Path) -> None:
    for path in Path("store/packs").glob("*.json"):
        record = json.loads(path.read_text())
        del record["sources"]
        path.write_text(json.dumps(record))
    photo(june / "b.png", 5)
    (june / "c.png").unlink()
    ingested()
    changes = changes_since("desk")
    assert [str(one) for one in changes] == ["june/b.png replaced", "june/c.png withdrawn"]


def corrected(name: str, *about: str) -> SourceChange:
    return SourceChange(source=f"june/{name}", kind="corrected", about=about)


def test_what_bears_on_rights_comes_first_and_is_never_cut() -> None:
    titles = [corrected(f"{n}.jpg", "title") for n in range(7)]
    grave = [
        corrected("v.jpg", "title", "credit"),
        SourceChange(source="june/w.jpg", kind="permitted", about=("permission",)),
        SourceChange(source="june/x.jpg", kind="forbidden", about=("title", "permission")),
        SourceChange(source="june/y.jpg", kind="replaced"),
        *(SourceChange(source=f"june/z{n}.jpg", kind="withdrawn") for n in range(6)),
    ]
    first = (
        "17 sources changed since: june/x.jpg may no longer be passed on (title changed too); "
        + "".join(f"june/z{n}.jpg withdrawn; " for n in range(6))
        + "june/y.jpg replaced; june/w.jpg may now be passed on; credit, title of june/v.jpg; "
    )
    five = "".join(f"title of june/{n}.jpg; " for n in range(5))
    assert changes_in_words([*titles, *grave], 20, shown=5) == f"{first}{five}and 2 more"
    assert changes_in_words([*titles, *grave], 20) == f"{first}{five}title of june/5.jpg; title of june/6.jpg"


def test_corrections_are_listed_by_weight_and_what_holds_for_all_sources_is_said_once() -> None:
    issued = "day of publication"
    of = {
        "c": ("still", issued),
        "f": ("title", "caption", issued),
        "h": ("instructions", issued),
        "b": (issued, "date"),
    }
    changes = [corrected(f"{name}.jpg", *of.get(name, (issued,))) for name in "abcdefghijklmnop"]
    said = (
        "16 sources changed since: instructions of june/h.jpg; caption, title of june/f.jpg; still of june/c.jpg; "
        "date of june/b.jpg; day of publication of all 16 sources"
    )
    assert changes_in_words(changes, 16) == changes_in_words(changes, 16, shown=5) == said
    some = changes_in_words(changes, 17, shown=5)
    assert some == (
        "16 sources changed since: instructions, day of publication of june/h.jpg; "
        "caption, title, day of publication of june/f.jpg; still, day of publication of june/c.jpg; "
        "date, day of publication of june/b.jpg; day of publication of june/a.jpg; "
        "day of publication of june/d.jpg; and 10 more"
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ([corrected("a.jpg", "rights")], "1 source changed since: rights of june/a.jpg"),
        (
            [corrected("a.jpg", "credit", "title"), corrected("b.jpg", "title", "rights")],
            "2 sources changed since: rights of june/b.jpg; credit of june/a.jpg; title of both sources",
        ),
        (
            [SourceChange(source=f"june/{n}.jpg", kind="withdrawn") for n in range(3)],
            "3 sources changed since: all 3 sources withdrawn",
        ),
        (
            [
                SourceChange(source="june/a.jpg", kind="forbidden", about=("rights", "permission")),
                SourceChange(source="june/b.jpg", kind="forbidden", about=("caption", "rights", "permission")),
                SourceChange(source="june/c.jpg", kind="forbidden", about=("rights",)),
            ],
            "3 sources changed since: all 3 sources may no longer be passed on (rights changed too); "
            "caption of june/b.jpg",
        ),
        (
            [
                SourceChange(source="june/a.jpg", kind="forbidden", about=("rights", "permission")),
                SourceChange(source="june/b.jpg", kind="permitted", about=("rights", "permission", "title")),
            ],
            "2 sources changed since: june/a.jpg may no longer be passed on; "
            "june/b.jpg may now be passed on (title changed too); rights of both sources",
        ),
        (
            [corrected("a.jpg", "title"), SourceChange(source="june/b.jpg", kind="replaced")],
            "2 sources changed since: june/b.jpg replaced; title of june/a.jpg",
        ),
    ],
)
def test_only_what_has_changed_of_all_sources_is_joined(changes: list[SourceChange], said: str) -> None:
    assert changes_in_words(changes, len(changes)) == said


def test_each_correction_has_a_weight() -> None:
    known = [*CORRECTIONS.values(), *FIELDS.values(), *OF_RESULTS.values(), *OF_RIGHTS, *OF_NUMBERS, *OF_COMPANIONS]
    assert set(known) == set(BY_WEIGHT)
    assert len(BY_WEIGHT) == len(set(BY_WEIGHT))


def test_a_corrected_day_of_publication_hides_no_corrected_caption(june: Path) -> None:
    (june / "release.toml").write_text(
        f'{HEAD}released = 2021-07-01\n[[file]]\npath = "c.png"\ncaption = "Tracks of the rover"\n'
    )
    ingested()
    said = "caption of june/c.png; day of publication of all 3 sources"
    listed = in_this_process("packs", "--store", "store").stdout.splitlines()
    assert listed[2:] == [
        f"desk: 3 sources changed since: {said}",
        "web: 1 source changed since: day of publication of june/b.png",
    ]
    verified = in_this_process("pack", "verify", "desk", "--store", "store").stdout.splitlines()
    assert verified[-1] == f"3 sources changed since: {said}"


def test_of_withdrawn_sources_the_reason_is_said_once_where_it_is_one() -> None:
    gone = [SourceChange(source=f"june/{n}.jpg", kind="withdrawn", reason="recalled") for n in range(3)]
    assert changes_in_words(gone, 3) == "3 sources changed since: all 3 sources withdrawn (recalled)"
    gone[1] = SourceChange(source="june/1.jpg", kind="withdrawn")
    assert changes_in_words(gone, 3) == (
        "3 sources changed since: june/0.jpg withdrawn (recalled); june/1.jpg withdrawn; "
        "june/2.jpg withdrawn (recalled)"
    )
