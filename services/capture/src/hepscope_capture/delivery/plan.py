"""Where packets go, as the user says it: one server, or several of which one at a time is used.

    tcp://10.0.0.5                                  a server
    tcp://10.0.0.5|tls://10.0.0.6:9061              failover: the second while the first is away
    tls://hep.example.org?only=sip,log&compress=1   options, of the whole group

Several such texts are mirrors: each is sent everything that is of its kinds.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl

from hepscope_capture.senders.acks import Acks
from hepscope_capture.senders.target import Scheme, Target, parse_target
from hepscope_capture.senders.trust import Trust

KINDS: Mapping[str, int] = {"sip": 1, "rtcp": 5, "rtp": 34, "dns": 53, "log": 100}
"""HEP protocol types (chunk 11) by the words of the option ``only``; other types by number."""

OPTIONS = ("only", "acks", "compress", "ca", "cert", "key", "name", "insecure")
"""Options of a server, by their names in a URL's query."""

_FLAGS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """One destination: a server, or a failover group in order of preference."""

    targets: tuple[Target, ...]
    kinds: frozenset[int] | None = None  # HEP protocol types; None = all
    acks: Acks = Acks.AUTO
    is_compressed: bool = False  # payloads as chunk 0x10 (zlib)
    trust: Trust = field(default_factory=Trust)

    @property
    def name(self) -> str:
        """What logs, metrics and its spool call it; without options, so that these may change."""
        return "|".join(map(str, self.targets))


def parse_server(
    text: str, *, acks: Acks = Acks.AUTO, trust: Trust | None = None, is_compressed: bool = False
) -> ServerPlan:
    """Return the destination that a text names; what it does not say is as given.

    Raises ValueError, with a line for the user, on anything else.
    """
    urls: list[str] = []
    options: dict[str, str] = {}
    for part in text.split("|"):
        url, _, query = part.strip().partition("?")
        urls.append(url)
        for key, value in _options(text, query):
            if options.setdefault(key, value) != value:
                raise ValueError(f"{text!r} sets {key} twice; options are of the whole group")
    return make_server(urls, options, acks=acks, trust=trust, is_compressed=is_compressed)


def make_server(
    urls: Iterable[str],
    options: Mapping[str, str],
    *,
    acks: Acks = Acks.AUTO,
    trust: Trust | None = None,
    is_compressed: bool = False,
) -> ServerPlan:
    """Return the destination of some URLs without query, in order of preference.

    Options are those of ``OPTIONS``; one that is missing is as given. Raises ValueError, with a
    line for the user.
    """
    targets = tuple(parse_target(url, tuple(Scheme)) for url in urls)
    if not targets:
        raise ValueError("a server has a URL")
    if len(set(targets)) < len(targets):
        raise ValueError(f"{'|'.join(map(str, targets))!r} names a server twice")
    for key in options:
        if key not in OPTIONS:
            raise ValueError(f"{key!r} is no option of a server: {', '.join(OPTIONS)} are")
    schemes = {target.scheme for target in targets}
    plan = ServerPlan(
        targets=targets,
        kinds=parse_kinds(options["only"]) if options.get("only") else None,
        acks=_acks(options["acks"]) if "acks" in options else acks,
        is_compressed=_flag(options, "compress", is_compressed),
        trust=_trust(options, trust or Trust()) if Scheme.TLS in schemes else Trust(),
    )
    _check(plan, options, schemes)
    return plan


def parse_kinds(text: str) -> frozenset[int]:
    """Return the HEP protocol types of a list like ``sip,rtcp,53``.

    Raises ValueError, with a line for the user.
    """
    kinds = set()
    for word in text.replace(",", " ").split():
        if word.lower() in KINDS:
            kinds.add(KINDS[word.lower()])
        elif word.isascii() and word.isdigit() and int(word) <= 255:
            kinds.add(int(word))
        else:
            raise ValueError(f"{word!r} is no kind of packet: {', '.join(KINDS)} or a HEP type")
    if not kinds:
        raise ValueError("only= names no kind of packet")
    return frozenset(kinds)


def _options(text: str, query: str) -> list[tuple[str, str]]:
    try:
        # A "+" in a path is one.
        pairs = query.replace("+", "%2B")
        return parse_qsl(pairs, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise ValueError(f"{text!r}: options are ?name=value&name=value") from None


def _acks(text: str) -> Acks:
    try:
        return Acks(text)
    except ValueError:
        raise ValueError(f"acks={text!r} is none of {', '.join(Acks)}") from None


def _flag(options: Mapping[str, str], key: str, default: bool) -> bool:
    if key not in options:
        return default
    if (found := _FLAGS.get(options[key].lower())) is None:
        raise ValueError(f"{key}={options[key]!r} is neither 1 nor 0")
    return found


def _trust(options: Mapping[str, str], given: Trust) -> Trust:
    def path(key: str, otherwise: Path | None) -> Path | None:
        return Path(options[key]) if options.get(key) else otherwise

    has_own_certificate = bool(options.get("cert"))
    return Trust(
        ca=path("ca", given.ca),
        certificate=path("cert", given.certificate),
        # A key goes with its certificate.
        key=path("key", None if has_own_certificate else given.key),
        server_name=options.get("name") or given.server_name,
        is_insecure=_flag(options, "insecure", given.is_insecure),
    )


def _check(plan: ServerPlan, options: Mapping[str, str], schemes: Collection[Scheme]) -> None:
    """Raise ValueError, with a line for the user, for options that do not go together."""
    for key in ("ca", "cert", "key", "name", "insecure"):
        if options.get(key) and Scheme.TLS not in schemes:
            raise ValueError(f"{plan.name}: {key} needs tls://HOST:PORT")
    if plan.acks is Acks.REQUIRE and Scheme.UDP in schemes:
        raise ValueError(f"{plan.name}: nothing is acknowledged over UDP: acks=require")
    trust = plan.trust
    if trust.is_insecure and (trust.ca or trust.server_name):
        raise ValueError(f"{plan.name}: insecure believes any server: ca and name do nothing")
    if trust.key and not trust.certificate:
        raise ValueError(f"{plan.name}: key needs cert")
