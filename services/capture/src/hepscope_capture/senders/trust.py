"""Whom TLS trusts, and who we say we are: CA, certificate and key, from PEM files.

TLS 1.2 or newer. Without a CA file those of the system count.
"""

import ssl
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Trust:
    """What the user says about certificates."""

    ca: Path | None = None
    certificate: Path | None = None  # ours, with its chain
    key: Path | None = None  # None = in the same file
    server_name: str = ""  # of the server's certificate; empty = the host that is connected to
    is_insecure: bool = False  # any server is believed

    def context(self) -> ssl.SSLContext:
        """Return the context for connections.

        Raises ValueError, with a line for the user, when a file cannot be used.
        """
        try:
            # With a CA file those of the system do not count.
            context = ssl.create_default_context(cafile=self.ca)
        except OSError as error:
            raise ValueError(f"{self.ca}: {_text(error, 'no CA certificate in PEM')}") from None
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.is_insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if self.certificate is not None:
            self._load(context, self.certificate)
        return context

    def _load(self, context: ssl.SSLContext, certificate: Path) -> None:
        for path in filter(None, (certificate, self.key)):
            # OpenSSL does not say which of the two it could not open.
            try:
                path.open("rb").close()
            except OSError as error:
                raise ValueError(f"{path}: {error.strerror}") from None
        names = f"{certificate} and {self.key}" if self.key else f"{certificate}"
        try:
            context.load_cert_chain(certificate, self.key, password=_no_password)
        except (OSError, ValueError) as error:
            raise ValueError(f"{names}: {_text(error, 'not certificate and key in PEM')}") from None


def _no_password() -> str:
    # Otherwise OpenSSL asks at the terminal.
    raise ValueError("the key is encrypted; it must be plain")


def _text(error: Exception, instead: str) -> str:
    """Return what is wrong; OpenSSL's own words only where they help."""
    if isinstance(error, ssl.SSLError):
        if error.reason == "KEY_VALUES_MISMATCH":
            return "the key does not belong to the certificate"
        return instead
    return getattr(error, "strerror", None) or str(error)
