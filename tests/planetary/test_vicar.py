"""VICAR labels are read: bytes of any host, numbers in every order, labels that go on behind the pixels."""

from __future__ import annotations

import io
import time

import pytest

from processors.metadata.tags.photograph import read_photograph
from processors.planetary.open_image import read_header
from tests.helpers.made_pds3 import LINES, SAMPLES, WHOLE, error_of, picture, pixels, vicar


def test_vicar_bytes_are_read_whatever_the_host() -> None:
    for host in ("INTFMT='LOW'  REALFMT='VAX'  HOST='VAX-VMS'", "INTFMT='HIGH' REALFMT='IEEE'", ""):
        words = f"FORMAT='BYTE' ORG='BSQ' NL={LINES} NS={SAMPLES} NB=1 RECSIZE={SAMPLES} NLB=0 NBB=0 {host}"
        assert pixels(vicar(WHOLE.tobytes(), words)) == WHOLE.tolist()


@pytest.mark.parametrize(
    ("format_", "dtype", "host"),
    [
        ("HALF", "<i2", "INTFMT='LOW' REALFMT='VAX'"),
        ("HALF", ">i2", "INTFMT='HIGH' REALFMT='VAX'"),
        ("HALF", "<i2", ""),
        ("FULL", ">i4", "INTFMT='HIGH'"),
        ("WORD", "<i2", ""),
        ("LONG", "<i4", "REALFMT='VAX'"),
        ("REAL", ">f4", "INTFMT='LOW' REALFMT='IEEE'"),
        ("DOUB", "<f8", "REALFMT='RIEEE'"),
    ],
)
@pytest.mark.parametrize(("org", "axes"), [("BSQ", (0, 1, 2)), ("BIL", (1, 0, 2)), ("BIP", (1, 2, 0))])
def test_vicar_numbers_in_every_order(format_: str, dtype: str, host: str, org: str, axes: tuple[int, ...]) -> None:
    values = picture(bands=3).astype(dtype)
    words = f"FORMAT='{format_}' ORG='{org}' NL={LINES} NS={SAMPLES} NB=3 RECSIZE=99 NLB=0 NBB=0 {host}"
    file = vicar(values.transpose(axes).tobytes(), words)
    assert pixels(file) == values.transpose(1, 2, 0).tolist()


def test_vicar_label_continues_after_the_pixels() -> None:
    words = f"FORMAT='BYTE' EOL=1 ORG='BSQ' NL={LINES} NS={SAMPLES} NB=1 RECSIZE={SAMPLES} NLB=1 NBB=0"
    end = b"LBLSIZE=96  TASK='STRETCH'  USER='IT''S ME'  DAT_TIM='Sat May 15'".ljust(96, b"\0")
    file = vicar(bytes(SAMPLES) + WHOLE.tobytes(), words, end=end)
    entries = dict(read_header(io.BytesIO(file)).entries)
    assert (entries["TASK"], entries["USER"], entries["LBLSIZE"]) == ("STRETCH", "IT'S ME", "256")
    assert pixels(file) == WHOLE.tolist()
    record = read_photograph(io.BytesIO(file[: -len(end)]), sha256="0" * 64, size_bytes=1, medium="photo")
    assert record.problems == ("its label says EOL = 1, but no label follows the pixels at byte 464",)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("NL=4 NS=6", "its VICAR label lacks FORMAT"),
        ("FORMAT='BYTE' NS=6", "its VICAR label lacks NL"),
        ("FORMAT='COMP' NL=4 NS=6", "its label says FORMAT = COMP, which is not supported"),
        ("FORMAT='BYTE' ORG='XYZ' NL=4 NS=6", "its label says ORG = XYZ, which is not supported"),
        ("FORMAT='HALF' INTFMT='PDP' NL=4 NS=6", "its label says INTFMT = PDP, which is not supported"),
        ("FORMAT='BYTE' NL=four NS=6", "its VICAR label says NL = four, which is not a whole number"),
        ("FORMAT='BYTE' NL=-4 NS=6", "its label says 6 x -4 pixels in 1 bands"),
        ("FORMAT='BYTE' COMPRESS='BASIC2' NL=4 NS=6", "compressed as BASIC2"),
        ("FORMAT='BYTE' ORG='BIP' NBB=4 NL=4 NS=6 NB=3", "its label says NBB = 4 with ORG = BIP"),
    ],
)
def test_vicar_label_that_does_not_fit_is_refused_with_the_reason(words: str, message: str) -> None:
    assert message in str(error_of(vicar(bytes(64), words)))


@pytest.mark.parametrize("text", ["A=( ", "A", "A='", "A = '' ", "A=('", "A ", "''", "A=(')"])
def test_hostile_vicar_labels_take_time_in_proportion_to_their_size(text: str) -> None:
    began = time.monotonic()
    error_of(f"LBLSIZE=300000  {text * (300_000 // len(text))}".encode())
    assert time.monotonic() - began < 20
