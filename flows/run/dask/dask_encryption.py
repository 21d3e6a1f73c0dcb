"""Encryption to a Dask cluster, as set in Dask's own configuration: problems are reported before any work starts."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from urllib.parse import urlsplit

from distributed.security import Security

from processors.errors import RequestError

NO_CERTIFICATE = (
    "this machine has no certificate; configure it in Dask as distributed.comm.tls.ca-file and "
    ".client.cert and .client.key"
)
TO_ENCRYPT = "Dask's configuration requires encryption (distributed.comm.require-encryption); use a tls:// address"


def check_encryption(address: str, seconds: float) -> None:
    """Check that an address and Dask's configuration fit, and that both ends accept each other's certificates.

    A scheduler that does not answer within `seconds` is left to the connection itself.

    Raises
    ------
    RequestError : they do not, with what to do.
    """
    parts, security = urlsplit(address), Security()
    context = _context(address, security)
    if parts.scheme != "tls":
        if parts.scheme == "tcp" and security.require_encryption:
            raise RequestError(f"{address}: {TO_ENCRYPT}")
        return
    if context is None:
        raise RequestError(f"{address}: {NO_CERTIFICATE}")
    try:
        with (
            socket.create_connection((parts.hostname or "", parts.port or 0), seconds) as plain,
            context.wrap_socket(plain) as encrypted,
        ):
            encrypted.recv(1)  # the scheduler speaks first, or refuses
    except ssl.SSLCertVerificationError as error:
        reason = (
            f"its certificate was not issued by the authority in distributed.comm.tls.ca-file ({error.verify_message})"
        )
        raise RequestError(f"{address}: {reason}; configure the scheduler's authority") from error
    except ssl.SSLError as error:
        if "ALERT" in (error.reason or ""):
            reason = f"the scheduler does not accept the certificate of this machine ({error.reason}): use one from its"
            raise RequestError(f"{address}: {reason} authority") from error
        raise RequestError(f"{address}: nothing there speaks TLS; use a tcp:// address, or another port") from error
    except OSError:
        return


def check_own_encryption() -> None:
    """Check that a cluster on this machine can be encrypted if Dask's configuration requires it.

    Raises
    ------
    RequestError : it cannot, with what to do.
    """
    security = Security()
    if security.require_encryption and _context("--runner dask", security) is None:
        raise RequestError(f"--runner dask: encryption is required by Dask's configuration, but {NO_CERTIFICATE}")


def _context(address: str, security: Security) -> ssl.SSLContext | None:
    """Return what a connection is encrypted with; None if Dask's configuration names no certificate."""
    names = ("tls_ca_file", "tls_client_cert", "tls_client_key")
    files = [Path(value) for name in names if (value := getattr(security, name)) and "\n" not in value]
    for file in files:
        try:
            file.read_bytes()
        except OSError as error:
            raise RequestError(f"{address}: cannot read the certificate {file}: {error.strerror}") from error
    try:
        return security.get_connection_args("client")["ssl_context"]
    except ssl.SSLError as error:
        named = ", ".join(map(str, files))
        raise RequestError(f"{address}: not a certificate with its key: {named} ({error.reason})") from error
