"""The set: a hepscope of its own with some hours of the demo, and the calls worth a picture."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote

from hep.protocols import RTCP_JSON
from hepscope_capture.clock import SystemClock
from hepscope_capture.senders.target import Scheme, Target
from hepscope_standalone.demo.names import names_toml
from hepscope_standalone.demo.sending import send_all
from hepscope_standalone.demo.traffic import Traffic, generate
from hepscope_standalone.demo.verify import Standing, asker, settled
from support.service import KEEP_ALL, Service, data_directory, running_hepscope

SEED = 1
MINUTES = 6 * 60
CALLS = 2_000
LIVE_CALLS_PER_HOUR = 9_000
LIVE_SECONDS = 20.0
CALM_SECONDS = 2.0
CALM_TRIES = 40


@dataclass
class Set:
    """What the camera is pointed at."""

    service: Service
    traffic: Traffic | None = None
    trickle: "subprocess.Popen[bytes] | None" = None

    @property
    def target(self) -> Target:
        """The HEP port."""
        host, port = self.service.tcp
        return Target(Scheme.TCP, host, port)

    def play(self) -> None:
        """Send the hours before now, and wait until all is stored."""
        minute_us = 60_000_000
        end_us = SystemClock().now_us() // minute_us * minute_us
        self.traffic = generate(SEED, end_us, calls=CALLS, minutes=MINUTES)
        clock = SystemClock()
        send_all(self.target, self.traffic.captures, clock)
        sent = len(self.traffic.captures)
        found = settled(asker(self.service.api), Standing(), sent, clock)
        assert found.stored == sent, found
        self._calm()

    def _calm(self) -> None:
        """Wait until ratios are counted and reports of media have found their calls."""
        last: object = None
        for _ in range(CALM_TRIES):
            now = (self.service.get("stats/kpi"), self.service.get("calls", limit=200))
            if now == last:
                return
            last = now
            time.sleep(CALM_SECONDS)

    def call(self, scenario: str) -> str:
        """Return the path of the latest call of a scenario, if any with reports of media."""
        return f"/calls/{self._quoted(scenario)}"

    def legs(self, first: str, second: str) -> str:
        """Return the path of two calls of those scenarios in one ladder."""
        return f"{self.call(first)}?with={self._quoted(second)}"

    def go_live(self) -> None:
        """Let calls come in from now on."""
        if self.trickle is None:
            words = ["--minutes", "0", "--live", "--calls-per-hour", str(LIVE_CALLS_PER_HOUR)]
            command = [sys.executable, "-m", "hepscope_standalone.cli", "demo", *words]
            self.trickle = subprocess.Popen(
                [*command, "--send", str(self.target)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            time.sleep(LIVE_SECONDS)

    def end(self) -> None:
        """End what comes in."""
        if self.trickle is not None:
            self.trickle.terminate()
            self.trickle.wait()

    def _quoted(self, scenario: str) -> str:
        assert self.traffic is not None
        plans = [plan for plan in self.traffic.planned if plan.scenario == scenario]
        told = {one.call_id for one in self.traffic.captures if one.protocol == RTCP_JSON}
        chosen = next((plan for plan in reversed(plans) if plan.call_id in told), plans[-1])
        return quote(chosen.call_id, safe="")


@contextmanager
def dressed_set() -> Iterator[Set]:
    """Start a hepscope that knows the names of the demo's hosts, and end it."""
    with data_directory() as data, running_hepscope(data, settings=KEEP_ALL) as service:
        (data / "names.toml").write_text(names_toml(), encoding="utf-8")
        made = Set(service)
        try:
            yield made
        finally:
            made.end()
