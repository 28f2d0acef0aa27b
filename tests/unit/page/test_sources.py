"""Nothing of the page is there that nobody uses: modules, exports, classes, words."""

import re
from typing import Final

from hep.media.report import Source
from support.page_sources import COMMENT, EXPORTED, FRONTEND, imported, modules, sheets

INDEX: Final = FRONTEND / "index.html"
WORD: Final = re.compile(r"\w+")
CLASS: Final = re.compile(r"[A-Za-z][\w-]*")

ENTRIES: Final = {"js/main.js", "js/theme-early.js"}
"""What index.html names."""

MADE: Final = ("k-", "leg-", "on-", "pill-", "w-")
"""Beginnings of class names that are put together from what they are about."""


TEXT: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"|`[^`]*`')
MEMBER: Final = re.compile(r"(?<![?\w.])([A-Za-z]\w*)\s*:")
KINDS: Final = frozenset(Source)
"""Read by what the API says."""


def test_every_export_is_imported() -> None:
    """A name that is exported is taken by another module."""
    texts = modules()
    taken = set(imported(texts))

    unused = [
        f"{path}: {name}"
        for path, text in texts.items()
        for name in EXPORTED.findall(text)
        if (path, name) not in taken
    ]

    assert unused == []


def test_every_module_is_imported() -> None:
    """A module that is no entry of index.html is imported, and what is imported is there."""
    texts = modules()
    targets = {target for target, _ in imported(texts)}

    assert targets - texts.keys() == set()
    assert texts.keys() - targets - ENTRIES == set()
    assert all(f'"/{entry}"' in INDEX.read_text(encoding="utf-8") for entry in ENTRIES)


def test_every_class_of_the_style_sheets_is_given() -> None:
    """A class that a style sheet speaks of is named by a module or by index.html."""
    texts = [*modules().values(), INDEX.read_text(encoding="utf-8")]
    named = {name for text in texts for name in CLASS.findall(text)}

    unused = [
        f"{sheet}: {name}"
        for sheet, text in sheets().items()
        for name in sorted(set(re.findall(r"\.([A-Za-z][\w-]*)", text)) - named)
        if not name.startswith(MADE)
    ]

    assert unused == []


def test_every_word_is_said() -> None:
    """A member of the words is read by its name, or is that of a kind of report."""
    texts = {path: COMMENT.sub("", text) for path, text in modules().items()}
    words = {path: text for path, text in texts.items() if path.startswith("js/words/")}
    others = {
        name for path, text in modules().items() if path not in words for name in WORD.findall(text)
    }
    own = "\n".join(words.values())

    unsaid = [
        f"{path}: {name}"
        for path, text in words.items()
        for name in sorted(set(MEMBER.findall(TEXT.sub('""', text))) - KINDS)
        if name not in others and f".{name}" not in own
    ]

    assert unsaid == []
