"""Certificates for TLS on loopback, and Dask's configuration that names them."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Authority:
    """An authority of its own, and one certificate that it has signed for 127.0.0.1."""

    def __init__(self, folder: Path) -> None:
        """Write `authority.pem`, `certificate.pem` and `key.pem` to a new folder."""
        folder.mkdir(parents=True)
        self.authority, self.certificate, self.key = (
            folder / f"{name}.pem" for name in ("authority", "certificate", "key")
        )
        above, below = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        signed = _signed("authority", above, by="authority", with_key=above, is_authority=True)
        self.authority.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        signed = _signed("127.0.0.1", below, by="authority", with_key=above, is_authority=False)
        self.certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        self.key.write_bytes(
            below.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )

    def environment(self) -> dict[str, str]:
        """Return Dask's configuration as variables of the environment."""
        roles = ("SCHEDULER", "WORKER", "CLIENT")
        return {
            "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "True",
            "DASK_DISTRIBUTED__COMM__TLS__CA_FILE": str(self.authority),
            **{f"DASK_DISTRIBUTED__COMM__TLS__{role}__CERT": str(self.certificate) for role in roles},
            **{f"DASK_DISTRIBUTED__COMM__TLS__{role}__KEY": str(self.key) for role in roles},
        }

    def configuration(self, folder: Path) -> None:
        """Write Dask's configuration of a driver to a file in a folder, as users have it in `~/.config/dask`."""
        folder.mkdir()
        (folder / "distributed.yaml").write_text(
            "distributed:\n  comm:\n    require-encryption: true\n    tls:\n"
            f"      ca-file: {self.authority}\n"
            f"      client:\n        cert: {self.certificate}\n        key: {self.key}\n"
        )


def _signed(
    name: str, key: ec.EllipticCurvePrivateKey, *, by: str, with_key: ec.EllipticCurvePrivateKey, is_authority: bool
) -> x509.Certificate:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, by)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(with_key, hashes.SHA256())
    )
