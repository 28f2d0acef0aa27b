"""How the process runs on: its logs, its port for Prometheus."""

from hepscope_capture.heplify.go_flags import FlagError
from hepscope_capture.heplify.translation import Translation
from hepscope_capture.heplify.values import Values

_SELECTORS = ("defrag", "layer", "payload", "rtp", "rtcp", "sdp")


def translate_logs(values: Values, to: Translation) -> None:
    """Add what is logged."""
    level = values.word("l", "debug", "info", "warning", "error")
    selectors = values.items("d")
    for selector in selectors:
        if selector not in _SELECTORS:
            raise FlagError(f"-d {selector}: none of {', '.join(_SELECTORS)}")
    to.add("--log-level", "debug" if selectors else level)
    to.add("--log-format", values.word("log-format", "text", "json"))
    if values.flag("log-payload"):
        to.add_if(to.is_live and "--print" not in to.words, "--print")
    for flag in ("n", "p", "sl"):
        if values.is_given(flag):
            to.notices.append(f"-{flag}: logs go to standard error, and to no file")


def translate_ops(values: Values, to: Translation) -> None:
    """Add where metrics are told."""
    if values.text("api"):
        raise FlagError("-api: not there; -prometheus answers /metrics, /readyz and /healthz")
    address = values.text("prometheus")
    if not address:
        return
    if values.text("rf"):
        if values.is_given("prometheus"):
            to.notices.append("-prometheus: files are read and summed up, without a port")
        return
    host, colon, port = address.rpartition(":")
    if not (colon and port.isascii() and port.isdigit() and int(port) <= 65_535):
        raise FlagError(f"-prometheus {address}: must be HOST:PORT or :PORT")
    listen = f"{host or '0.0.0.0'}:{port}"  # noqa: S104 - as heplify does
    if values.is_given("prometheus"):
        to.add("--ops", listen)
    else:
        to.default_ops = listen


def refuse_switched_off(values: Values) -> None:
    """Raise FlagError for what cannot be switched off."""
    if values.flag("disable-defrag"):
        raise FlagError("-disable-defrag: fragments are always joined")
    if values.flag("disable-tcp-reasm"):
        raise FlagError("-disable-tcp-reasm: TCP is always put together")
