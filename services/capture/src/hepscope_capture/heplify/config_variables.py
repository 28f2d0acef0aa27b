"""``HEPLIFY_*``: what heplify 2.x takes from the environment over its settings file."""

import json
from collections.abc import Mapping
from typing import Any

from hepscope_capture.heplify.config_keys import LISTS, OBJECTS
from hepscope_capture.heplify.go_flags import FlagError

PREFIX = "HEPLIFY_"
_FILE = "HEPLIFY_CONFIG"


def apply_variables(found: dict[str, Any], environ: Mapping[str, str]) -> None:
    """Put the variables' values into the settings; raises FlagError for a name that is none."""
    for variable, text in environ.items():
        if not variable.startswith(PREFIX) or variable == _FILE:
            continue
        name = variable.removeprefix(PREFIX).lower()
        if not (_set_in_list(found, name, text) or _set_in_object(found, name, text)):
            raise FlagError(f"{variable} is no setting")


def _set_in_list(found: dict[str, Any], name: str, text: str) -> bool:
    """Set ``transport__0__host``; return whether the name is of that kind."""
    section, _, rest = name.partition("__")
    number, _, key = rest.partition("__")
    key, _, at = key.partition("__")
    if section not in LISTS or not number.isdigit() or key not in LISTS[section]:
        return False
    item = _item(found.setdefault(section, []), int(number), {})
    _put(item, key, at, text)
    return True


def _set_in_object(found: dict[str, Any], name: str, text: str) -> bool:
    """Set ``sip_settings_discard_methods__0``; return whether the name is of that kind."""
    for section, keys in OBJECTS.items():
        if not name.startswith(f"{section}_"):
            continue
        key, _, at = name.removeprefix(f"{section}_").partition("__")
        if key in keys:
            _put(found.setdefault(section, {}), key, at, text)
            return True
    return False


def _put(item: dict[str, Any], key: str, at: str, text: str) -> None:
    if not at:
        item[key] = _value(text)
        return
    if not at.isdigit():
        raise FlagError(f"{key}__{at}: an item of a list has a number")
    values = item.setdefault(key, [])
    _item(values, int(at), "")
    values[int(at)] = text


def _item(items: list[Any], at: int, empty: Any) -> Any:  # noqa: ANN401 - JSON
    """Return an item of a list, which grows by one at most."""
    if at > len(items):
        raise FlagError(f"item {at} of a list of {len(items)}")
    if at == len(items):
        items.append(empty)
    return items[at]


def _value(text: str) -> object:
    """Return a number or a truth value as such, anything else as text."""
    try:
        value = json.loads(text.lower())
    except ValueError:
        return text
    return value if isinstance(value, int | bool) else text
