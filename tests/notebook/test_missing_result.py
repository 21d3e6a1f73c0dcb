"""The error for a missing result gives a command that makes it, or says at once why none can."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

import marsmedia
from flows.cli.main import main
from marsmedia import RequestError, SourceView
from processors.engine.wanted_results import Recipes
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest

NOTHING: Recipes = {"audio": (), "video": (), "photo": ()}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    (tmp_path / "raw/june").mkdir(parents=True)
    MediaMaker(tmp_path / "raw/june").video("a.mp4", list(range(50)))
    ingest(tmp_path / "raw", tmp_path / "store", NOTHING)
    return tmp_path / "store"


def view(store: Path) -> SourceView:
    return marsmedia.open(store).source("a.mp4")


def run_what_it_says(store: Path, refused: RequestError) -> int:
    """Run the command that the error gives, and return its exit code."""
    found = re.search(r"make it with `marsmedia (.*?)`", str(refused))
    assert found, refused
    return CliRunner().invoke(main, [*shlex.split(found[1]), "--store", str(store)]).exit_code


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda video: video.levels, "audio.levels does not apply to it; it has no sound"),
        (lambda video: video.band_level_dbfs(20, 100), "audio.spectrogram does not apply to it; it has no sound"),
        (
            lambda video: video.result("video.subtitles"),
            "video.subtitles does not apply to it; it has nothing that it could be made from",
        ),
    ],
)
def test_a_video_without_sound_or_subtitles_says_so(
    store: Path, ask: Callable[[SourceView], object], message: str
) -> None:
    with pytest.raises(RequestError, match=re.escape(f"a.mp4: {message}") + "$"):
        ask(view(store))


def test_the_command_for_frames_at_times_makes_them(store: Path) -> None:
    with pytest.raises(RequestError, match=r"--processor video\.frames --set times_seconds=0\.5,1`$") as caught:
        view(store).table("video.frames", times_seconds=(0.5, 1))
    assert run_what_it_says(store, caught.value) == 0
    table = view(store).table("video.frames", times_seconds=(0.5, 1))
    assert [round(seconds, 2) for seconds in table.time_seconds] == [0.48, 1.0]
    assert len(view(store).table("video.frames", choice="times", times_seconds=(0.5, 1))) == 2


def test_where_it_was_refused_the_reason_is_given_in_place_of_the_command(store: Path) -> None:
    for times in ((0.5,), (50.0,)):
        with pytest.raises(RequestError) as caught:
            view(store).table("video.frames", times_seconds=times)
        run_what_it_says(store, caught.value)
    with pytest.raises(RequestError, match=r"a\.mp4: video\.frames was refused: no frame decodes at the wanted time; "):
        view(store).table("video.frames", times_seconds=(50.0,))
    assert len(view(store).table("video.frames", times_seconds=(0.5,))) == 1


@pytest.mark.parametrize(
    ("processor", "parameters", "message"),
    [
        ("video.frames", {"every_seconds": -1}, "every_seconds is -1.0: must be above 0"),
        ("video.frames", {"every_second": 1}, "every_second: no such parameter; use one of choice, every_seconds,"),
        (
            "video.motion",
            {"altitude_metres": 100, "field_of_view_degrees": 40},
            "altitude_shot is None: must be the shot that altitude_metres belongs to",
        ),
    ],
)
def test_what_reprocess_refuses_a_notebook_refuses_at_once(
    store: Path, processor: str, parameters: dict[str, object], message: str
) -> None:
    with pytest.raises(RequestError, match=re.escape(f"{processor}: {message}")):
        view(store).table(processor, **parameters)


@pytest.mark.parametrize(("given", "asked"), [({"times_seconds": 0.25}, "0.25"), ({"times_seconds": ["0.25"]}, "0.25")])
def test_what_no_release_gives_is_not_said_to_be_of_one(store: Path, given: dict[str, object], asked: str) -> None:
    with pytest.raises(RequestError) as caught:
        view(store).table("video.frames", **given)
    assert "the release" not in str(caught.value)
    assert f"--set times_seconds={asked}`" in str(caught.value)
