"""What a reader can see stands in ``js/words``: sentences anywhere else are found here."""

import re
from collections.abc import Iterator

from support.page_literals import literals
from support.page_sources import modules

SENTENCE = re.compile(r"[A-Za-z]{2,},? [a-z]{2,}")
NAMES = re.compile(
    r"(?:\b(?:title|label|hint|does|placeholder)|\"aria-label\"): (?:[^,\"`]+\? )?[\"`]?$"
)
UNSEEN = re.compile(
    r"\bimport\b[^;]*$|\bclass: [^,]*$|\blook\b[^,]*$|className = $"
    r"|classList\.\w+\([^)]*$"
    r"|LOOKS\b[^;]*$|(?:Error|Exception)\($|querySelector(?:All)?\($|closest\($|matches\($"
    r"|setAttribute\(\"class\", $"
    r"|preserveAspectRatio: $|@\w+ .*$"
)
"""What stands before texts that are names of classes, modules and elements, and faults of the page
for its log."""

MACHINE = re.compile(r"<\?xml |Shift [←→]$")
"""The begin of a file, and keys as they are written on their caps."""

OTHER_LANGUAGES = {
    "js/home/senders.js": "lines of the configurations of senders, and of a shell",
    "js/home/first-start.js": "a command of the shell",
    "js/logs/sources.js": "lines of the configurations of SIP servers",
}
"""Modules whose literals are for machines."""


def sentences(source: str) -> Iterator[str]:
    """Yield the literals of a module that read as words for people."""
    for text, before in literals(source):
        is_name = NAMES.search(before) and re.search(r"[A-Za-z]{2}", text)
        is_words = is_name or SENTENCE.search(text)
        if is_words and not (UNSEEN.search(before) or MACHINE.match(text)):
            yield text


def test_sentences_stand_in_one_place() -> None:
    """No module outside of ``js/words`` holds words for people, but those in other languages."""
    found = {
        path: list(sentences(text))
        for path, text in modules().items()
        if not path.startswith("js/words/") and path not in OTHER_LANGUAGES
    }
    assert {path: texts for path, texts in found.items() if texts} == {}


def test_sentences_are_found() -> None:
    """The rule sees what it is there for, and lets pass what nobody reads."""
    seen = 'h("p", { class: "quiet place" }, `Nothing ${what} was found.`); x = { label: "Calls" };'
    assert list(sentences(seen)) == [" was found.", "Calls"]
    unseen = '// Say that it failed.\nthrow new Error("no row here"); h("i", { class: "a list" });'
    assert list(sentences(unseen)) == []
