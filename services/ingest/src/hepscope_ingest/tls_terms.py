"""The terms on which TLS is spoken: certificate, key, whose clients; read anew when files change.

TLS 1.2 or newer. The files are looked at for each new connection, so that whatever renews them
need not tell us; half-written ones are not taken, and the former go on.
"""

import os
import ssl
import time
from pathlib import Path

from hepscope_common.logs import Throttle, get_logger
from hepscope_common.runtime import StartupError
from hepscope_ingest.own_certificate import CertificateFiles, expires_at, own_certificate
from hepscope_ingest.settings import IngestSettings

_log = get_logger("ingest.tls")

ANYWHERE = frozenset({"::", "0.0.0.0"})  # noqa: S104 - not listened at here
"""Hosts that are no name of this machine."""

_Stamp = tuple[tuple[int, int, int], ...]


class TlsTerms:
    """Gives the context for a handshake that begins now."""

    def __init__(self, settings: IngestSettings, *, throttle: Throttle | None = None) -> None:
        self._settings = settings
        self._throttle = throttle or Throttle(_log)
        self._files = CertificateFiles(Path(), Path())
        self._stamp: _Stamp = ()
        self._context: ssl.SSLContext | None = None
        self.expires_at = 0.0
        """When our certificate expires, Unix seconds; 0 before ``load``."""

    def load(self) -> None:
        """Read the files, making a certificate when none is set; raises StartupError."""
        self._files = _files_of(self._settings)
        try:
            self._stamp = self._look()
            self._context = self._load()
        except (OSError, ValueError) as error:
            raise StartupError(f"ingest.tls: {self._explain(error)}") from error
        if self.expires_at < time.time():
            _log.warning("certificate %s has expired", self._files.certificate)

    def context(self) -> ssl.SSLContext:
        """Return the context of the files as they are now."""
        assert self._context is not None
        try:
            stamp = self._look()
            if stamp != self._stamp:
                self._context = self._load()
                self._stamp = stamp
                _log.info("certificate read anew from %s", self._files.certificate)
        except (OSError, ValueError) as error:
            self._throttle.warning("reread", "the former certificate stays: %s", _text(error))
        return self._context

    def _look(self) -> _Stamp:
        paths = [self._files.certificate, self._files.key]
        if self._settings.tls_client_ca is not None:
            paths.append(self._settings.tls_client_ca)
        found = [os.stat(path) for path in paths]  # noqa: PTH116 - a third of the price
        return tuple((one.st_mtime_ns, one.st_size, one.st_ino) for one in found)

    def _load(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_RENEGOTIATION
        # Agents write and never read: tickets that lie unread when they close would turn their
        # end into a reset, which overtakes what they sent.
        context.num_tickets = 0
        context.load_cert_chain(self._files.certificate, self._files.key, password=_no_password)
        if self._settings.tls_client_ca is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self._settings.tls_client_ca)
        self.expires_at = expires_at(self._files.certificate.read_bytes())
        return context

    def _explain(self, error: Exception) -> str:
        named = {
            "tls_certificate": self._files.certificate,
            "tls_key": self._files.key,
            "tls_client_ca": self._settings.tls_client_ca,
        }
        for setting, path in named.items():
            if path is not None and not os.access(path, os.R_OK):
                return f"{setting} {path} cannot be read"
        names = ", ".join(str(path) for path in named.values() if path is not None)
        return f"{names}: {_text(error)}"


def _files_of(settings: IngestSettings) -> CertificateFiles:
    if settings.tls_certificate is not None and settings.tls_key is not None:
        return CertificateFiles(settings.tls_certificate, settings.tls_key)
    if settings.tls_directory is None:
        raise StartupError(
            "ingest.tls needs ingest.tls_certificate and ingest.tls_key, or ingest.tls_directory"
            " to keep a certificate made by itself"
        )
    listened_at = [one.host for one in settings.tls if one.host not in ANYWHERE]
    return own_certificate(settings.tls_directory, [*settings.tls_names, *listened_at])


def _no_password() -> str:
    # Without this OpenSSL would ask at the terminal, and wait.
    raise ValueError("the key is encrypted; it must lie there without a passphrase")


def _text(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or str(error)).replace("_", " ").lower()
    return getattr(error, "strerror", None) or str(error)
