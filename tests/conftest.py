"""Fixtures of all tests, each plugin says what it offers; and how tests are shared out."""

import logging
import signal
import sys
import threading
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from support.sharing import Together

pytest_plugins = [
    "support.corpus",
    "support.kafka",
    "support.postgres",
    "support.service",
    "support.browser",
    "support.docker",
]

# An example that had to wait for the processor is no slow one.
settings.register_profile(
    "patient", parent=settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("patient")


def pytest_configure() -> None:
    """Let what tests start hear Ctrl-C, also where the run is a shell's background job."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Share the tests out by file, those that use the network's interfaces to one process."""
    return Together(config, log)


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """Undo what a command that a test ran in this process did to the logs of all."""
    ours, root = logging.getLogger("hepscope"), logging.getLogger()
    kept, before = (ours.handlers, ours.propagate, ours.level), list(root.handlers)
    hooks = sys.excepthook, sys.unraisablehook, threading.excepthook
    yield
    if ours.handlers is not kept[0]:
        ours.handlers, ours.propagate = kept[0], kept[1]
        ours.setLevel(kept[2])
        root.handlers = [one for one in root.handlers if one in before]
        logging.captureWarnings(False)
        sys.excepthook, sys.unraisablehook, threading.excepthook = hooks
