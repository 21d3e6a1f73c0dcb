"""A signed pack holds C2PA manifests of our derivations, by the user's own certificate, without the network."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import c2pa
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from processors.errors import RequestError
from processors.packs.archive.verify_pack import verify_pack
from processors.packs.recipe.pack_recipe import Pictures, Signature
from tests.helpers.pack_store import PackStore, filled, make_pack

SINCE = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def made(tmp_path: Path) -> PackStore:
    return filled(tmp_path)


@pytest.fixture(scope="session")
def signature(tmp_path_factory: pytest.TempPathFactory) -> Signature:
    """A certificate for signing mail, below a root of our own, with its key."""
    folder = tmp_path_factory.mktemp("certificate")
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = (
        _begun("Test root", "Test root", root_key, 1)
        .add_extension(x509.BasicConstraints(True, None), True)
        .add_extension(_usage(signs_certificates=True), True)
        .sign(root_key, hashes.SHA256())
    )
    signer = (
        _begun("Media team", "Test root", key, 2)
        .add_extension(x509.BasicConstraints(False, None), True)
        .add_extension(_usage(signs_certificates=False), True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), False)
        .sign(root_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "chain.pem").write_bytes(signer.public_bytes(pem) + root.public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(private)
    return Signature(certificate=folder / "chain.pem", key=folder / "key.pem")


def _begun(subject: str, issuer: str, key: ec.EllipticCurvePrivateKey, serial: int) -> x509.CertificateBuilder:
    def named(name: str) -> x509.Name:
        return x509.Name(
            [x509.NameAttribute(NameOID.COMMON_NAME, name), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test")]
        )

    begun = x509.CertificateBuilder().subject_name(named(subject)).issuer_name(named(issuer)).serial_number(serial)
    begun = begun.public_key(key.public_key()).not_valid_before(SINCE).not_valid_after(SINCE + timedelta(days=9000))
    return begun.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


@pytest.mark.parametrize("pictures", [None, Pictures(longest_side_px=(50,), picture_format="png")])
def test_a_signed_picture_names_its_maker_and_its_source(
    made: PackStore, tmp_path: Path, signature: Signature, pictures: Pictures | None
) -> None:
    make_pack(made, tmp_path / "pack", signature=signature, take=("contact sheets", "originals"), pictures=pictures)
    (place,) = (tmp_path / "pack/data/media/descent.mp4/video.contact_sheet").glob("contact_sheet*")
    with c2pa.Reader(place) as reader:
        store = json.loads(reader.json())
    assert store["validation_state"] == "Valid"
    assert [one["code"] for one in store["validation_status"]] == ["signingCredential.untrusted"]  # our own root
    manifest = store["manifests"][store["active_manifest"]]
    assert manifest["signature_info"]["common_name"] == "Media team"
    assert manifest["title"] == "video.contact_sheet 1 of descent.mp4: contact_sheet.jpg"
    said = {one["label"]: one["data"] for one in manifest["assertions"]}
    assert said["org.marsmedia.derivation"]["source"] == "descent.mp4"
    original = (tmp_path / "pack/data/media/tracks.jpg/original/tracks.jpg").read_bytes()
    assert original == (tmp_path / "raw/june/tracks.jpg").read_bytes()
    assert verify_pack(tmp_path / "pack").faults == ()


def test_a_signed_pack_keeps_its_identity_though_its_bytes_differ(
    made: PackStore, tmp_path: Path, signature: Signature
) -> None:
    built = [
        make_pack(made, tmp_path / f"pack{number}", signature=signature, take=("contact sheets",))
        for number in range(2)
    ]
    plain = make_pack(made, tmp_path / "plain", take=("contact sheets",))
    assert built[0].identity == built[1].identity == plain.identity
    manifests = [(tmp_path / f"pack{number}/manifest-sha256.txt").read_bytes() for number in range(2)]
    assert manifests[0] != manifests[1]


def test_no_key_leaves_its_place_in_the_pack(made: PackStore, tmp_path: Path, signature: Signature) -> None:
    make_pack(made, tmp_path / "pack", signature=signature, take=("contact sheets",))
    place = str(signature.key.parent).encode()
    assert all(place not in path.read_bytes() for path in (tmp_path / "pack").rglob("*") if path.is_file())


def test_unusable_keys_and_certificates_are_reported(made: PackStore, tmp_path: Path, signature: Signature) -> None:
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("no key")
    with pytest.raises(RequestError, match=r"wrong\.pem: not a private key in PEM"):
        make_pack(made, tmp_path / "pack", signature=Signature(certificate=signature.certificate, key=wrong))
    with pytest.raises(RequestError, match=r"cannot (sign|be signed)"):
        make_pack(made, tmp_path / "pack", signature=Signature(certificate=wrong, key=signature.key))
    assert not (tmp_path / "pack").exists()
