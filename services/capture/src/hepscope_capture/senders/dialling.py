"""Getting connected: TCP, and over it TLS where the target says so.

One limit of time holds for the connection and for the handshake each. What comes back is a
blocking socket; an ``ssl.SSLSocket`` is one, so that senders need not know.
"""

import socket
import ssl

from hepscope_capture.senders.target import Scheme, Target
from hepscope_capture.senders.trust import Trust

CONNECT_SECONDS = 10.0

# Telling that the other machine is gone while we have nothing to send: after about a minute.
_KEEP_ALIVE = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
)

_TLS_HINTS = {
    "WRONG_VERSION_NUMBER": "it does not speak TLS",
    "UNEXPECTED_EOF_WHILE_READING": "it closed the connection during the TLS handshake",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "it asks for a client certificate (--cert)",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "no TLS in common, or it asks for a client certificate",
    "TLSV1_ALERT_UNKNOWN_CA": "it does not trust our client certificate",
}


class Dialler:
    """Connects to one target, as often as it is asked to."""

    def __init__(
        self, target: Target, trust: Trust | None = None, *, seconds: float = CONNECT_SECONDS
    ) -> None:
        """Make the way to a target; trust is whom TLS believes, by default the system's CAs.

        Raises ValueError, with a line for the user, for certificates or a name of the server that
        cannot be used.
        """
        self.target = target
        self._seconds = seconds
        trust = trust or Trust()
        self._name = trust.server_name or target.host
        self._context: ssl.SSLContext | None = None
        if target.scheme is Scheme.TLS:
            self._context = trust.context()
            _check_name(self._context, self._name)

    def dial(self) -> socket.socket:
        """Return a connection. Raises OSError, and UnicodeError for an impossible name."""
        target = self.target
        connected = socket.create_connection((target.host, target.port), timeout=self._seconds)
        try:
            for level, option, value in _KEEP_ALIVE:
                connected.setsockopt(level, option, value)
            if self._context is None:
                return connected
            return self._context.wrap_socket(connected, server_hostname=self._name)
        except OSError:
            connected.close()
            raise


# openssl/x509_vfy.h: X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
_OTHER_NAME = (62, 64)


def _check_name(context: ssl.SSLContext, name: str) -> None:
    """Raise ValueError for a name that TLS would refuse only once it is connected."""
    try:
        context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname=name)
    except ValueError:
        raise ValueError(f"{name!r} is no name of a TLS server") from None


def explain(error: Exception) -> str:
    """Return what went wrong with a connection, in a few words for the user."""
    if isinstance(error, ssl.SSLCertVerificationError):
        is_name = error.verify_code in _OTHER_NAME
        hint = "--server-name says the one in it" if is_name else "--ca names a CA"
        return f"its certificate is not trusted: {error.verify_message.rstrip('.')} ({hint})"
    if isinstance(error, ssl.SSLError) and error.reason:
        return _TLS_HINTS.get(error.reason) or error.reason.replace("_", " ").lower()
    if isinstance(error, TimeoutError) and "handshake" in str(error):
        return "it does not answer the TLS handshake"
    return getattr(error, "strerror", None) or str(error)
