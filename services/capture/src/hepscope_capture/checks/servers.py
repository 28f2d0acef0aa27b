"""Looking at the servers: certificates, names, connections, and whether they acknowledge."""

import os
import socket
import ssl
import time
from collections.abc import Iterator

from hepscope_capture.checks.finding import Finding, Level
from hepscope_capture.clock import SystemClock
from hepscope_capture.delivery.plan import ServerPlan
from hepscope_capture.senders.acks import Acks
from hepscope_capture.senders.answers import Answers, WrongAnswerError
from hepscope_capture.senders.connection import Connection
from hepscope_capture.senders.dialling import Dialler, explain
from hepscope_capture.senders.greeting import greet
from hepscope_capture.senders.target import Scheme, Target

_CONNECT_SECONDS = 5.0
_ORIGIN_BYTES = 16
_CERTIFICATE_DAYS = 14
"""A certificate that ends so soon is worth a warning."""


def check_servers(plans: tuple[ServerPlan, ...]) -> Iterator[Finding]:
    """Yield what is found of each server of each group."""
    for plan in plans:
        findings = [_check(target, plan) for target in plan.targets]
        is_reached = any(finding.level is not Level.FAIL for finding in findings)
        for finding in findings:
            # A group works while one of it does.
            is_missed = finding.level is Level.FAIL and is_reached
            yield finding._replace(level=Level.WARN) if is_missed else finding


def _check(target: Target, plan: ServerPlan) -> Finding:
    if target.scheme is Scheme.UDP:
        return _check_udp(target)
    try:
        dialler = Dialler(target, plan.trust, seconds=_CONNECT_SECONDS)
        connected = dialler.dial()
    except (OSError, ValueError) as error:
        return Finding(Level.FAIL, str(target), explain(error))
    warning = _certificate_warning(connected)
    try:
        is_acknowledged = _acknowledges(connected)
    except (OSError, WrongAnswerError) as error:
        return Finding(Level.FAIL, str(target), f"connected, but then: {explain(error)}")
    if not is_acknowledged:
        level = Level.FAIL if plan.acks is Acks.REQUIRE else Level.OK
        text = "reached; it does not acknowledge: what it had taken when it dies is lost"
        return Finding(max(level, Level.WARN if warning else level), str(target), text + warning)
    level = Level.WARN if warning else Level.OK
    return Finding(level, str(target), f"reached; it acknowledges{warning}")


def _check_udp(target: Target) -> Finding:
    try:
        socket.getaddrinfo(target.host, target.port, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:
        return Finding(Level.FAIL, str(target), explain(error))
    text = "UDP tells nobody what gets lost, and cannot be tried; tcp:// can"
    return Finding(Level.WARN, str(target), text)


def _acknowledges(connected: socket.socket) -> bool:
    origin = os.urandom(_ORIGIN_BYTES)
    connection = Connection(connected)
    try:
        return greet(connection, Answers(origin), origin, SystemClock()) is not None
    finally:
        connection.close()


def _certificate_warning(connected: socket.socket) -> str:
    """Return what to add of a server's certificate, usually nothing."""
    if not isinstance(connected, ssl.SSLSocket):
        return ""
    certificate = connected.getpeercert()
    if not certificate:
        return "; whoever it is: its certificate is not looked at"
    end = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
    days = (end - time.time()) / 86_400
    return f"; its certificate ends in {days:.0f} days" if days < _CERTIFICATE_DAYS else ""
