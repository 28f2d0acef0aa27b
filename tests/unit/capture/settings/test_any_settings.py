"""Whatever a file or an environment holds: settings, or one line that says why not."""

import contextlib
import string

from hypothesis import given
from hypothesis import strategies as st

from hepscope_capture.settings.environment import from_environment
from hepscope_capture.settings.file import from_tables
from hepscope_capture.settings.given import Given
from hepscope_capture.settings.settings import make
from hepscope_capture.settings.table import BY_PLACE, BY_VARIABLE, OPTIONS, SECTIONS

KEYS = st.sampled_from([*(key for _, key in BY_PLACE), "servers", "url", "auth_key_file", "x"])
TEXTS = st.one_of(
    st.text(max_size=20),
    st.text(string.digits + ".:/-,|?=&[]", max_size=20),
    st.sampled_from(["tcp://a", "tls://[::1]:1?only=sip", "10.0.0.0/8", "5060-5090", "hash", "5"]),
)
VALUES = st.recursive(
    st.one_of(TEXTS, st.integers(), st.booleans(), st.floats()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
DEFAULTS = {option.name: Given(option.default, "default") for option in OPTIONS}


@given(st.dictionaries(st.one_of(KEYS, st.sampled_from(list(SECTIONS))), VALUES, max_size=4))
def test_any_file(tables: dict[str, object]) -> None:
    """What it takes, it can also use: mistakes are told as they are read."""
    try:
        found = from_tables(tables, "file")
    except ValueError:
        return
    make({**DEFAULTS, **found}, {}, None)


@given(st.dictionaries(st.sampled_from(sorted(BY_VARIABLE)), TEXTS, max_size=4))
def test_any_environment(variables: dict[str, str]) -> None:
    """A text that an option does not take is named with its variable."""
    found = from_environment(variables)
    with contextlib.suppress(ValueError):
        make({**DEFAULTS, **found}, {}, None)
    for one in found.values():
        assert one.origin in variables
