"""C2PA signatures with the user's certificate: they attest our derivation, never an agency's capture.

A signed file differs each time: the standard puts random names into its manifest, and ECDSA a random number into
the signature. Therefore a pack's identity is computed from the bytes before signing, and only unsigned packs
are byte-identical when rebuilt. No time-stamp is fetched: nothing here uses the network.
"""

from __future__ import annotations

import importlib.metadata
import io
import json
from typing import TYPE_CHECKING, Any

from processors.errors import RequestError
from processors.packs.contents.rights import credit
from processors.packs.contents.subject import ItemRecord
from processors.packs.recipe.pack_recipe import Signature

if TYPE_CHECKING:
    import c2pa

SIGNED = ("image/jpeg", "image/png", "image/webp", "video/mp4", "audio/mp4", "audio/wav")
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicallyEnhanced"
"""IPTC source type, augmented or corrected by an algorithm; never `digitalCapture`, which only the agency may claim."""


class Signer:
    def __init__(self, signature: Signature) -> None:
        """Read certificate and key.

        Raises
        ------
        RequestError : c2pa-python is not installed, or certificate and key cannot sign.
        OSError : one of the files cannot be read.
        """
        try:
            import c2pa
        except ImportError as error:
            raise RequestError("signing needs c2pa-python; run `pip install c2pa-python`") from error
        chain, key = signature.certificate.read_bytes(), signature.key.read_bytes()
        self._c2pa = c2pa
        self._context = c2pa.Context(c2pa.Settings.from_dict({"builder": {"thumbnail": {"enabled": False}}}))
        info = c2pa.C2paSignerInfo(
            alg=_algorithm(key, str(signature.key)), sign_cert=chain, private_key=key, ta_url=None
        )
        try:
            self._signer: c2pa.Signer = c2pa.Signer.from_info(info)
        except c2pa.C2paError as error:
            raise RequestError(f"{signature.certificate}: cannot sign: {error}") from error

    def can_sign(self, media_type: str) -> bool:
        """Return True if this format can hold a signature."""
        return media_type in SIGNED

    def sign(self, data: bytes, entry: ItemRecord, *, media_type: str | None = None) -> bytes:
        """Return the bytes with an embedded signed manifest.

        Parameters
        ----------
        media_type : media type, if it is not the entry's own.

        Raises
        ------
        RequestError : the certificate is not valid for C2PA, or the file cannot hold a manifest.
        """
        signed = io.BytesIO()
        builder = self._c2pa.Builder(json.dumps(_manifest(entry), ensure_ascii=False), context=self._context)
        try:
            builder.sign(self._signer, media_type or entry.media_type, io.BytesIO(data), signed)
        except self._c2pa.C2paError as error:
            where = f"{entry.subject.name}: {entry.manifest.ref.processor}/{entry.name}"
            raise RequestError(f"{where}: cannot be signed: {error}") from error
        return signed.getvalue()


def _manifest(entry: ItemRecord) -> dict[str, Any]:
    ref, subject = entry.manifest.ref, entry.subject
    what = f"{ref.processor} {entry.manifest.version} of {subject.name}"
    derivation = {
        "processor": ref.processor,
        "version": entry.manifest.version,
        "parameters": entry.manifest.parameters,
        "source": subject.name,
        "source_sha256": subject.digest,
        "item_sha256": entry.sha256,
        "credit": credit(subject),
    }
    action = {"action": "c2pa.created", "description": f"Derived: {what}", "digitalSourceType": SOURCE_TYPE}
    return {
        "claim_generator_info": [{"name": "marsmedia", "version": importlib.metadata.version("marsmedia")}],
        "title": f"{what}: {entry.name}",
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": [action]}},
            {"label": "org.marsmedia.derivation", "data": derivation},
        ],
    }


def _algorithm(key: bytes, where: str) -> bytes:
    """Return C2PA's name of the algorithm for a key (specification 2.2, 13.2.1)."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        private = load_pem_private_key(key, password=None)
    except (ValueError, TypeError) as error:
        raise RequestError(f"{where}: not a private key in PEM without a password: {error}") from error
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return b"ed25519"
    if isinstance(private, rsa.RSAPrivateKey):
        return b"ps256"
    if isinstance(private, ec.EllipticCurvePrivateKey) and private.curve.name in _CURVES:
        return _CURVES[private.curve.name]
    raise RequestError(f"{where}: C2PA takes keys on P-256, P-384 or P-521, Ed25519 and RSA")


_CURVES = {"secp256r1": b"es256", "secp384r1": b"es384", "secp521r1": b"es512"}
