"""Every check in its order, printed as it is found."""

from collections.abc import Callable, Iterator

from hep.sip.startline import KNOWN_METHODS
from hepscope_capture.checks.finding import Finding, Level
from hepscope_capture.checks.places import check_places
from hepscope_capture.checks.servers import check_servers
from hepscope_capture.checks.wire import check_wire
from hepscope_capture.rules.rules import Rules
from hepscope_capture.settings.plans import rule_plan, server_plans
from hepscope_capture.settings.settings import Settings


def run_checks(settings: Settings, contradiction: str, write: Callable[[str], None]) -> int:
    """Write a line for each finding; return 0, 1 after a warning, 2 after a failure."""
    worst = Level.OK
    for finding in _findings(settings, contradiction):
        worst = max(worst, finding.level)
        write(str(finding))
    return int(worst)


def _findings(settings: Settings, contradiction: str) -> Iterator[Finding]:
    source = settings.config or "no file"
    if contradiction:
        yield Finding(Level.FAIL, "settings", f"{contradiction} ({source})")
        return
    try:
        servers = server_plans(settings)
        Rules.compile(rule_plan(settings))
    except ValueError as error:
        yield Finding(Level.FAIL, "settings", str(error))
        return
    yield Finding(Level.OK, "settings", str(source))
    yield from _check_methods(settings)
    yield from check_wire(settings)
    yield from check_places(settings)
    yield from check_servers(servers)


def _check_methods(settings: Settings) -> Iterator[Finding]:
    """Yield what is found of unknown methods: SIP allows them, but most are typing errors."""
    for name in ("methods", "exclude_methods", "mask_bodies"):
        if unknown := sorted(set(settings[name]) - KNOWN_METHODS):
            yield Finding(Level.WARN, name, f"{', '.join(unknown)}: no method that is known")
