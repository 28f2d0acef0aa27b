"""The configuration page: every setting with its variable, default and meaning."""

from collections.abc import Iterable

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from hepscope_capture.settings.file import SECTION as CAPTURE
from hepscope_capture.settings.option import Option
from hepscope_capture.settings.table import OPTIONS, SECTIONS
from hepscope_common.settings import NESTED, PREFIX, Section
from hepscope_standalone.settings import StandaloneSettings

_HEAD = """\
# Configuration

Every setting may stand in `hepscope.toml` (or the file of `--config`), in the section and
under the key of the table, or in the environment under the variable's name; the environment
wins. Lists are comma-separated in the environment; an empty value turns a list off. A variable
with `_FILE` behind its name gives a file that holds the value, for secrets.
`hepscope check-config` names every mistake.

This page is generated (`make docs`).
"""

_CAPTURE_HEAD = """
## [capture]

The capture agent (`hepscope capture`, `hepscope-capture`). An option on the command line wins over
the environment. "(SIGHUP)": a new value counts as soon as the agent gets that signal; the others
count from the next start on. `--dump` tells what is in force and who said so, `--check` tries it.
Several servers may be tables instead of `send`: `[[capture.servers]]` with `url` (a list of them is
a failover group) and `only`, `acks`, `compress`, `ca`, `cert`, `key`, `name`, `insecure`. Secrets
may be in files of their own: `auth_key_file`, and `key_file` of `[capture.masks]`.
"""


def configuration_page() -> str:
    """Return the page as Markdown."""
    lines = [_HEAD]
    lines += _table("Top level", PREFIX, {
        name: field for name, field in StandaloneSettings.model_fields.items()
        if not _is_section(field)
    })  # fmt: skip
    lines += _sections("", PREFIX, StandaloneSettings.model_fields)
    lines += _capture()
    return "\n".join(lines) + "\n"


def _sections(path: str, prefix: str, fields: dict[str, FieldInfo]) -> list[str]:
    """Return a table for each section among the fields, the sections inside it behind it."""
    lines: list[str] = []
    for name, field in fields.items():
        section = field.annotation
        if not (isinstance(section, type) and issubclass(section, Section)):
            continue
        inner = f"{prefix}{name.upper()}{NESTED}"
        own = {key: one for key, one in section.model_fields.items() if not _is_section(one)}
        lines.append(f"\n## [{path}{name}]\n\n{_text(section.__doc__)}\n")
        lines += _rows(inner, own)
        lines += _sections(f"{path}{name}.", inner, section.model_fields)
    return lines


def _capture() -> list[str]:
    """Return the tables of the agent, whose options are on the command line, too."""
    lines = [_CAPTURE_HEAD]
    for section in ("", *SECTIONS):
        if section:
            lines.append(f"\n## [{CAPTURE}.{section}]\n")
        lines += ["| key | option | variable | default | meaning |", "|---|---|---|---|---|"]
        lines += [
            _capture_row(one) for one in OPTIONS if one.is_lasting and one.place[0] == section
        ]
    return lines


def _capture_row(option: Option) -> str:
    default = ", ".join(option.default)
    key = f"`{option.place[1]}`{' (SIGHUP)' if option.reloads else ''}"
    cells = (key, f"`{option.flag}`", f"`{option.env}`", f"`{default}`" if default else "none")
    return f"| {' | '.join((*cells, _text(option.help)))} |"


def _is_section(field: FieldInfo) -> bool:
    return isinstance(field.annotation, type) and issubclass(field.annotation, Section)


def _table(title: str, prefix: str, fields: dict[str, FieldInfo]) -> list[str]:
    return [f"\n## {title}\n", *_rows(prefix, fields)]


def _rows(prefix: str, fields: dict[str, FieldInfo]) -> list[str]:
    rows = ["| key | variable | default | meaning |", "|---|---|---|---|"]
    for key, field in fields.items():
        variable = f"{prefix}{key.upper()}"
        cells = (f"`{key}`", f"`{variable}`", _default(field), _text(field.description))
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def _default(field: FieldInfo) -> str:
    value = field.default
    if value is PydanticUndefined:
        # A path inside of the installation differs from machine to machine.
        return "" if field.default_factory is None else "found at run time"
    if value is None or isinstance(value, SecretStr):
        return "none"
    if isinstance(value, tuple):
        return f"`{', '.join(str(item) for item in value)}`" if value else "empty"
    return f"`{value}`"


def _text(text: str | None) -> str:
    return " ".join(_lines(text)).replace("|", "\\|").replace("``", "`")


def _lines(text: str | None) -> Iterable[str]:
    return (line.strip() for line in (text or "").splitlines())
