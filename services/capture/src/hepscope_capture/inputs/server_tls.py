"""TLS of the addresses we listen at: who we say we are, and whom we ask for a certificate."""

import ssl
from dataclasses import dataclass
from pathlib import Path

from hepscope_capture.inputs.input import InputError


@dataclass(frozen=True, slots=True)
class Identity:
    """Files in PEM."""

    certificate: Path | None = None  # with its chain
    key: Path | None = None  # None = in the same file
    client_ca: Path | None = None  # set: clients must show a certificate of it

    def context(self) -> ssl.SSLContext:
        """Return the context for TLS 1.2 and newer. Raises InputError."""
        if self.certificate is None:
            raise InputError("tls:// needs a certificate of ours")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(self.certificate, self.key, password=_no_password)
        except (OSError, ValueError) as error:
            names = f"{self.certificate} and {self.key}" if self.key else f"{self.certificate}"
            raise InputError(f"{names}: {_text(error, 'not certificate and key in PEM')}") from None
        if self.client_ca is not None:
            try:
                context.load_verify_locations(self.client_ca)
            except OSError as error:
                what = _text(error, "no CA certificate in PEM")
                raise InputError(f"{self.client_ca}: {what}") from None
            context.verify_mode = ssl.CERT_REQUIRED
        return context


def _no_password() -> str:
    # Otherwise OpenSSL asks at the terminal.
    raise ValueError("the key is encrypted; it must be plain")


def _text(error: Exception, instead: str) -> str:
    if isinstance(error, ssl.SSLError):
        return instead
    return getattr(error, "strerror", None) or str(error)
