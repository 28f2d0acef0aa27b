"""Settings of a TOML file: ``[capture]`` and its tables; other sections are other services'.

``[[capture.servers]]`` tells of a destination in the words of a URL: ``url`` (a list of them is a
failover group), and the options that its query may have. A secret may be in a file of its own:
``auth_key_file``.
"""

import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import quote, urlencode

from hepscope_capture.delivery.plan import OPTIONS as SERVER_OPTIONS
from hepscope_capture.settings.given import Given, content
from hepscope_capture.settings.option import Option, Shape
from hepscope_capture.settings.table import BY_NAME, BY_PLACE, SECTIONS

SECTION = "capture"
_SERVERS = "servers"
_FILE = "_file"

_Table = Mapping[str, object]


def read_toml(path: Path) -> dict[str, object]:
    """Return what a file holds; raises ValueError with a line for the user."""
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except (OSError, ValueError) as error:
        text = getattr(error, "strerror", None) or str(error)
        raise ValueError(f"settings file {path}: {text}") from None


def from_file(path: Path) -> dict[str, Given]:
    """Return what the file gives, by option; nothing where it has no [capture].

    Raises ValueError, with a line for the user that names every key that cannot be.
    """
    content = read_toml(path)
    for key, value in content.items():
        if ("", key) in BY_PLACE and not isinstance(value, dict):
            raise ValueError(f"settings file {path}: {key} stands before [{SECTION}], not in it")
    return from_tables(content.get(SECTION, {}), str(path))


def from_tables(capture: object, name: str) -> dict[str, Given]:
    """Return what a section gives, by option; name is that of its file. Raises ValueError."""
    found: dict[str, Given] = {}
    faults: list[str] = []
    for section, key, value in _entries(capture):
        where = ".".join(filter(None, (SECTION, section, key)))
        try:
            option, texts = _read(section, key, value, where)
            if value == "":
                continue  # as an empty variable
            former = found.get(option.name)
            found[option.name] = Given(_joined(option, former, texts, where), f"{name}: {where}")
        except ValueError as error:
            faults.append(str(error))
    if faults:
        raise ValueError(f"settings file {name}: {'; '.join(faults)}")
    return found


def _joined(
    option: Option, former: Given | None, texts: tuple[str, ...], where: str
) -> tuple[str, ...]:
    """Return the texts together with those of another key for the same option."""
    if former is None:
        return texts
    if option.shape is Shape.TEXTS:
        return (*former.texts, *texts)
    raise ValueError(f"{where} is set twice, by itself and by a file")


def _entries(capture: object) -> Iterator[tuple[str, str, object]]:
    """Yield section, key and value of each setting."""
    if not isinstance(capture, dict):
        yield "", "", capture
        return
    for key, value in capture.items():
        if key in SECTIONS and isinstance(value, dict):
            yield from ((key, inner, one) for inner, one in value.items())
        elif key == _SERVERS and isinstance(value, list):
            yield from (("", _SERVERS, one) for one in value)
        else:
            yield "", key, value


def _read(section: str, key: str, value: object, where: str) -> tuple[Option, tuple[str, ...]]:
    if not key:
        raise ValueError(f"{where} is no table")
    if (section, key) == ("", _SERVERS):
        return BY_NAME["send"], (_server(value),)
    option = BY_PLACE.get((section, key))
    if option is not None:
        texts = _texts(option, value, where)
        if value != "":
            _check(option, texts, where)
        return option, texts
    option = BY_PLACE.get((section, key.removesuffix(_FILE)))
    if option is None or not option.is_secret or not isinstance(value, str):
        raise ValueError(f"{where} is no setting{_hint(section, key)}")
    return option, option.split(content(value, where))


def _check(option: Option, texts: tuple[str, ...], where: str) -> None:
    try:
        option.value(texts)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


def _hint(section: str, key: str) -> str:
    """Return what may be meant: a key of this section, else one of another, else nothing."""
    here = [*(one for at, one in BY_PLACE if at == section), *([] if section else SECTIONS)]
    if near := get_close_matches(name := key.replace("-", "_"), here, 1):
        return f" (is it {near[0]}?)"
    elsewhere = {one: at for at, one in BY_PLACE if at != section}
    if near := get_close_matches(name, elsewhere, 1, 0.9):
        place = ".".join(filter(None, (SECTION, elsewhere[near[0]])))
        return f" (is it {near[0]} of [{place}]?)"
    return ""


def _texts(option: Option, value: object, where: str) -> tuple[str, ...]:
    if isinstance(value, list) and option.shape.is_list:
        return tuple(_text(option, one, where) for one in value)
    text = _text(option, value, where)
    return option.split(text) if option.shape is not Shape.TEXTS else (text,)


def _text(option: Option, value: object, where: str) -> str:
    is_flag = option.shape is Shape.FLAG
    if isinstance(value, bool) == is_flag and isinstance(value, (bool, int, float, str)):
        return str(value).lower() if is_flag else str(value)
    wanted = "true or false" if is_flag else "a number" if option.is_number else "text"
    raise ValueError(f"{where}: {wanted} is wanted, not {value!r}")


def _server(table: object) -> str:
    """Return the URL that says what a table of [[capture.servers]] says."""
    where = f"{SECTION}.{_SERVERS}"
    if not isinstance(table, dict):
        raise ValueError(f"{where} is a list of tables")  # noqa: TRY004 - the user's mistake
    urls = table.get("url")
    urls = urls if isinstance(urls, list) else [urls]
    if not urls or not all(isinstance(url, str) and "?" not in url for url in urls):
        raise ValueError(f"{where}: url is a URL without options, or a list of them")
    options = {}
    for key, value in table.items():
        if key == "url":
            continue
        if key not in SERVER_OPTIONS:
            raise ValueError(f"{where}.{key} is no setting: {', '.join(SERVER_OPTIONS)} are")
        options[key] = _option_text(value, f"{where}.{key}")
    text = "|".join(urls) + (f"?{urlencode(options, quote_via=quote)}" if options else "")
    _check(BY_NAME["send"], (text,), where)
    return text


def _option_text(value: object, where: str) -> str:
    if isinstance(value, list):
        return ",".join(_option_text(one, where) for one in value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, str)):
        return str(value)
    raise ValueError(f"{where}: {value!r} cannot be")
