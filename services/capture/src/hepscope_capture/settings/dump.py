"""The settings in force as a settings file, each with who said so; secrets are not shown."""

import json
from collections.abc import Iterator

from hepscope_capture.settings.option import Option, Shape
from hepscope_capture.settings.settings import Settings
from hepscope_capture.settings.table import OPTIONS, SECTIONS


def dump(settings: Settings) -> str:
    """Return TOML that gives these settings again, but for secrets, which stand as comments."""
    lines = ["[capture]", *_section(settings, "")]
    for section in SECTIONS:
        lines += ["", f"[capture.{section}]", *_section(settings, section)]
    return "\n".join(lines) + "\n"


def _section(settings: Settings, section: str) -> Iterator[str]:
    for option in OPTIONS:
        at, key = option.place
        if not option.is_lasting or at != section:
            continue
        texts, origin = settings.given[option.name]
        if not texts:
            yield f"# {key} ="
        elif option.is_secret:
            yield f"# {key} = (a secret)  # {_one_line(origin)}"
        else:
            yield f"{key} = {_value(option, texts)}  # {_one_line(origin)}"


def _value(option: Option, texts: tuple[str, ...]) -> str:
    if option.shape.is_list:
        return f"[{', '.join(map(_quoted, texts))}]"
    if option.shape is Shape.FLAG:
        return str(option.value(texts)).lower()
    text = texts[-1]
    # A number as written: the parser takes no others.
    return text if option.is_number and text.isdigit() and text == str(int(text)) else _quoted(text)


def _quoted(text: str) -> str:
    """Return a basic string of TOML; what is no Unicode stands as U+FFFD."""
    clean = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    shown = json.dumps(clean, ensure_ascii=False)
    return "".join(char if char.isprintable() else f"\\U{ord(char):08X}" for char in shown)


def _one_line(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)
