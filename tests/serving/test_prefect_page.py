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
from tests.helpers.chromium import Browser
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
    assert (sheet["type"], sheet["description"]) == ("image", r"june/shown \<b\>.mp4")
    assert re.fullmatch("contact-sheet-june-shown-b-mp4-[0-9a-f]{6}", sheet["key"])
    head, _, data = sheet["data"].partition(",")
    assert head == "data:image/jpeg;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as picture:
        assert (picture.format, max(picture.size) <= 1000) == ("JPEG", True)
    (table,) = [one for one in every if one["flow_run_id"] == sheet["flow_run_id"] and one["type"] == "markdown"]
    assert (table["key"], table["description"]) == ("marsmedia-ingest", report["message"])


@pytest.mark.slow
@pytest.mark.prefect
def test_prefects_page_shows_names_as_they_are_and_links_none(
    marsmedia: Run, raw: Path, prefect_server: str, browser: Browser, tmp_path: Path
) -> None:
    names = (
        "a_b_c.wav", "*bold* ~~gone~~.wav", r"back\slash\.wav", "<b>x &lt; &amp;.wav", "[x](y)|`z`.wav", "#1 $m$.wav",
        "www.a.de me@b.de.wav", "-1.wav",
    )  # fmt: skip
    for name in names:
        (raw / "june" / name).write_bytes(b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00" + name.encode())
    assert marsmedia("ingest", raw, "--store", tmp_path / "store", PREFECT_API_URL=prefect_server).returncode == 1
    ask = PrefectApi(prefect_server).ask
    (run,) = ask("flow_runs/filter", flow_runs={"name": {"any_": [f"ingest {raw}"]}})
    (report,) = [one for one in ask("artifacts/filter", sort="CREATED_DESC") if one["flow_run_id"] == run["id"]]
    with browser.page() as page:
        page.call("Page.navigate", url=f"{prefect_server.removesuffix('/api')}/artifacts/artifact/{report['id']}")
        page.until("document.querySelectorAll('table').length > 1", seconds=60)
        cells = page.ask("[...document.querySelectorAll('td:first-child')].map(cell => cell.innerText.trim())")
        assert {cell for cell in cells if cell.startswith("june/")} == {f"june/{name}" for name in names}
        assert page.ask("[...document.querySelectorAll('table a, table em, table b, table del')].length") == 0
