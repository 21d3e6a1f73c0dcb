"""A new store is begun where there is none, but not where only the disk of one is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from processors.errors import StoreAway
from processors.sources.scan import in_words
from processors.store.new_store import check_new_store, unmounted_disk
from processors.store.open_store import open_store

FSTAB = """
# device  folder  type  options
UUID=1    /              ext4  defaults       0 1
UUID=2    none           swap  sw             0 0
UUID=3    /archive       xfs   defaults       0 2
UUID=4    /archive/cold  xfs   noauto         0 2
nas:/m    /mnt/the\\040nas nfs  _netdev        0 0
"""
ROOT = "/dev/sda1 / ext4 rw 0 0\n"


@pytest.mark.parametrize(
    ("mounted", "folder", "disk"),
    [
        ("", "/archive/mars", "/archive"),
        ("", "/archive", "/archive"),
        ("", "/archives/mars", None),
        ("", "/srv/mars", None),
        ("", "/mnt/the nas/mars", "/mnt/the nas"),
        ("/dev/sdb /archive xfs rw 0 0\n", "/archive/mars", None),
        ("/dev/sdb /archive xfs rw 0 0\n", "/archive/cold/mars", "/archive/cold"),
        ("/dev/sdc /archive/by-hand xfs rw 0 0\n", "/archive/by-hand/mars", None),
        ("nas:/m /mnt/the\\040nas nfs rw 0 0\n", "/mnt/the nas/mars", None),
    ],
)
def test_the_disk_of_a_folder_is_unmounted_if_fstab_alone_lists_it(
    mounted: str, folder: str, disk: str | None, tmp_path: Path
) -> None:
    fstab, mounts = tmp_path / "fstab", tmp_path / "mounts"
    fstab.write_text(FSTAB)
    mounts.write_text(ROOT + mounted)
    assert unmounted_disk(Path(folder), fstab=fstab, mounts=mounts) == disk
    assert unmounted_disk(Path(folder), fstab=tmp_path / "none", mounts=mounts) is None
    assert unmounted_disk(Path(folder), fstab=fstab, mounts=tmp_path / "none") is None, "not a system with /proc"


def test_a_folder_behind_a_link_is_on_the_disk_that_the_link_leads_to(tmp_path: Path) -> None:
    fstab, mounts = tmp_path / "fstab", tmp_path / "mounts"
    (tmp_path / "disk").mkdir()
    (tmp_path / "store").symlink_to(tmp_path / "disk/mars")
    fstab.write_text(f"UUID=3 {tmp_path}/disk xfs defaults 0 2\n")
    mounts.write_text(ROOT)
    assert unmounted_disk(tmp_path / "store", fstab=fstab, mounts=mounts) == f"{tmp_path}/disk"


def test_a_new_store_below_an_unmounted_disk_is_begun_only_if_asked(tmp_path: Path) -> None:
    fstab, mounts, folder = tmp_path / "fstab", tmp_path / "mounts", tmp_path / "disk/mars"
    fstab.write_text(f"UUID=3 {tmp_path}/disk xfs defaults 0 2\n")
    mounts.write_text(ROOT)
    with pytest.raises(StoreAway) as away:
        check_new_store(folder, "auto", fstab=fstab, mounts=mounts)
    assert in_words(away.value) == (
        f"{folder}: no store is there, and the disk of {tmp_path}/disk in /etc/fstab is not mounted: mount it "
        "(`marsmedia ingest --new-store always` begins a new one)"
    )
    check_new_store(folder, "always", fstab=fstab, mounts=mounts)


def test_a_store_is_new_only_when_it_is_begun(tmp_path: Path) -> None:
    with pytest.raises(StoreAway):
        open_store(tmp_path / "store", new="never")
    assert not (tmp_path / "store").exists()
    assert open_store(tmp_path / "store").is_new
    assert not open_store(tmp_path / "store", new="never").is_new
