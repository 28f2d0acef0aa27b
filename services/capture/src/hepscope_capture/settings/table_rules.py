"""Options of filters, limits and masks; SIGHUP makes new ones count."""

from functools import partial

from hepscope_capture.ports import parse_ports
from hepscope_capture.settings.option import Option, Shape
from hepscope_capture.settings.texts import (
    one_of,
    parse_bytes,
    parse_flag,
    parse_method,
    parse_network,
    parse_text,
    whole,
)

MOST_DEDUP_MS = 499
"""SIP says the same again on purpose after 500 ms (RFC 3261 section 17, T1)."""

_MOST = 1_000_000_000

_filter = partial(Option, section="filters", group="filters", reloads=True)
_list = partial(_filter, shape=Shape.LIST, metavar="LIST")
_texts = partial(_filter, shape=Shape.TEXTS, metavar="TEXT")
_limit = partial(_filter, metavar="N", is_number=True)
_mask = partial(Option, section="masks", group="masks", reloads=True)
_cover = partial(_mask, parse=one_of("mask", "hash"), metavar="mask|hash")

FILTERS = (
    _list("methods", parse_method, "only requests of these methods and the answers to them"),
    _list("exclude_methods", parse_method, "none of these methods and no answers to them"),
    _list("addresses", parse_network, "only from or to these addresses or networks (CIDR)"),
    _list("exclude_addresses", parse_network, "nothing from or to these"),
    _list("sources", parse_network, "only from these"),
    _list("exclude_sources", parse_network, "nothing from these"),
    _list("destinations", parse_network, "only to these"),
    _list("exclude_destinations", parse_network, "nothing to these"),
    _list("exclude_ports", parse_ports, "nothing from or to these ports", joins=True),
    _list("users", parse_text, "only with such a user in From, To or Request-URI; * and ? match"),
    _list("exclude_users", parse_text, "none with such a user"),
    _list("from_users", parse_text, "only with such a user in From"),
    _list("exclude_from_users", parse_text, "none with such a user in From"),
    _list("to_users", parse_text, "only with such a user in To or Request-URI"),
    _list("exclude_to_users", parse_text, "none with such a user in To or Request-URI"),
    _texts("include_payload", parse_bytes, "only what holds this text; of several, all"),
    _texts("exclude_payload", parse_bytes, "nothing that holds this text"),
    _limit("rate_limit", whole(0, _MOST), "at most so many messages a second", ("0",)),
    _limit("rate_limit_source", whole(0, _MOST), "of each source address", ("0",)),
    _limit(
        "dedup_ms",
        whole(0, MOST_DEDUP_MS),
        "the same payload between the same addresses and ports within so many milliseconds is one"
        f" message, seen twice by a mirror; up to {MOST_DEDUP_MS} (default: 0 = off)",
        ("0",),
    ),
    _limit(
        "options_one_in",
        whole(0, _MOST),
        "of OPTIONS take one Call-ID in so many, with its answers (default: 0 = all)",
        ("0",),
    ),
)

MASKS = (
    _cover(
        "mask_numbers",
        help="telephone numbers: x for each digit, or other digits, the same for the same number",
        key="numbers",
    ),
    _cover("mask_users", help="users of URIs and display names, of any form", key="users"),
    _mask(
        "mask_keep_first",
        whole(0, 32),
        "digits of a number that stay at its start (default: 3)",
        ("3",),
        metavar="N",
        key="keep_first",
        is_number=True,
    ),
    _mask(
        "mask_keep_last",
        whole(0, 32),
        "digits of a number that stay at its end (default: 2)",
        ("2",),
        metavar="N",
        key="keep_last",
        is_number=True,
    ),
    _mask(
        "mask_from_digits",
        whole(1, 32),
        "what has fewer digits is no number (default: 5)",
        ("5",),
        metavar="N",
        key="from_digits",
        is_number=True,
    ),
    _mask(
        "mask_key",
        parse_text,
        "secret of hash; all agents of an installation need the same one",
        metavar="KEY",
        key="key",
        is_secret=True,
    ),
    _mask(
        "mask_media_keys",
        parse_flag,
        "keys in SDP: a=crypto, a=key-mgmt, a=ice-pwd, k=",
        ("false",),
        shape=Shape.FLAG,
        key="media_keys",
    ),
    _mask(
        "mask_credentials",
        parse_flag,
        "Authorization, Proxy-Authorization, Authentication-Info",
        ("false",),
        shape=Shape.FLAG,
        key="credentials",
    ),
    _mask(
        "mask_bodies",
        parse_method,
        "bodies of these methods, like MESSAGE",
        shape=Shape.LIST,
        metavar="LIST",
        key="bodies",
    ),
    _mask(
        "mask_dtmf",
        parse_flag,
        "digits dialled, in bodies of INFO and NOTIFY",
        ("false",),
        shape=Shape.FLAG,
        key="dtmf",
    ),
)
