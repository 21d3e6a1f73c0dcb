"""What a person sees of a run on Prefect's page."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import Run
from tests.helpers.made_media import MediaMaker
from tests.helpers.prefect_api import PrefectApi


@pytest.mark.slow
@pytest.mark.prefect
def test_a_run_shows_its_report_and_the_contact_sheets(marsmedia: Run, prefect_server: str, tmp_path: Path) -> None:
    (tmp_path / "raw/june").mkdir(parents=True)
    MediaMaker(tmp_path / "raw/june").video("shown <b>.mp4", list(range(60)))
    folders = (tmp_path / "raw", "--store", tmp_path / "store")
    report = json.loads(marsmedia("ingest", *folders, "--json", PREFECT_API_URL=prefect_server).stdout)
    every = PrefectApi(prefect_server).ask("artifacts/filter", sort="CREATED_DESC")
    (sheet,) = [one for one in every if "june/shown" in (one["description"] or "")]
    assert (sheet["type"], sheet["description"]) == ("image", "june/shown &lt;b&gt;.mp4")
    assert re.fullmatch("contact-sheet-june-shown-b-mp4-[0-9a-f]{6}", sheet["key"])
    head, _, data = sheet["data"].partition(",")
    assert head == "data:image/jpeg;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as picture:
        assert (picture.format, max(picture.size) <= 1000) == ("JPEG", True)
    (table,) = [one for one in every if one["flow_run_id"] == sheet["flow_run_id"] and one["type"] == "markdown"]
    assert (table["key"], table["description"]) == ("marsmedia-ingest", report["message"])
