"""A self-signed certificate for those who have none: made once, kept in a directory.

P-256, ten years, for the names and addresses of this machine. Senders either take the
certificate file as their CA or do not verify; who needs more sets one of their own.
"""

import datetime as dt
import fcntl
import ipaddress
import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hepscope_common.logs import get_logger
from hepscope_common.runtime import StartupError

DAYS = 3650

CERTIFICATE = "ingest.crt"
KEY = "ingest.key"

_log = get_logger("ingest.tls")


class CertificateFiles(NamedTuple):
    """Where a certificate (with its chain) and its private key lie, both PEM."""

    certificate: Path
    key: Path


def own_certificate(directory: Path, names: Iterable[str]) -> CertificateFiles:
    """Return the certificate of a directory, making it when it is not there yet.

    names are further host names or addresses it is for. Raises StartupError.
    """
    files = CertificateFiles(directory / CERTIFICATE, directory / KEY)
    if files.certificate.exists() and files.key.exists():
        return files
    subjects = _subjects([*names, *_names_of_this_machine()])
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone_in(directory):
            if files.certificate.exists() and files.key.exists():
                return files
            _make(files, subjects)
    except OSError as error:
        raise StartupError(
            f"ingest.tls: cannot keep a key in {directory}: {error.strerror}; set"
            " ingest.tls_directory, or ingest.tls to nothing"
        ) from error
    _log.info(
        "made a self-signed certificate, %s, for %s; senders must take it as their CA, or set"
        " ingest.tls_certificate and ingest.tls_key",
        files.certificate,
        ", ".join(str(subject.value) for subject in subjects),
    )
    return files


@contextmanager
def _alone_in(directory: Path) -> Iterator[None]:
    """Keep other processes from making the same files: a key and another one's certificate."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def expires_at(pem: bytes) -> float:
    """Return when the first certificate of a PEM file expires, Unix seconds.

    Raises ValueError for what is no certificate.
    """
    return x509.load_pem_x509_certificate(pem).not_valid_after_utc.timestamp()


def _names_of_this_machine() -> list[str]:
    # A name that is not ASCII cannot stand in a certificate; localhost does for such a machine.
    own = [name for name in (socket.gethostname(),) if name.isascii()]
    return [*own, "localhost", "127.0.0.1", "::1"]


def _subjects(names: Iterable[str]) -> list[x509.IPAddress | x509.DNSName]:
    subjects: list[x509.IPAddress | x509.DNSName] = []
    for name in dict.fromkeys(name for name in names if name):
        try:
            subjects.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            try:
                subjects.append(x509.DNSName(name))
            except ValueError as error:
                raise StartupError(f"setting ingest.tls_names: {name!r}: {error}") from error
    return subjects


def _make(files: CertificateFiles, subjects: list[x509.IPAddress | x509.DNSName]) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _sign(key, subjects)
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    # The certificate last: without it, the next start makes both anew.
    _write(files.key, secret, 0o600)
    _write(files.certificate, certificate.public_bytes(serialization.Encoding.PEM), 0o644)


def _sign(
    key: ec.EllipticCurvePrivateKey, subjects: list[x509.IPAddress | x509.DNSName]
) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hepscope ingest")])
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # An agent whose clock is a little behind must not find it not valid yet.
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName(subjects), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=False)
        .sign(key, hashes.SHA256())
    )


def _write(path: Path, content: bytes, mode: int) -> None:
    """Write a file that is there whole, with this mode from its first moment, or not at all."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
