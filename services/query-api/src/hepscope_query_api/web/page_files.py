"""Scripts and style sheets of the page under addresses that browsers may keep for good.

There is no build step that could put a fingerprint into each file's name. Instead all of them are
found a second time below ``/@<fingerprint>/``, which is of their whole content: ``index.html`` is
asked for each time and names its files there. Modules name each other relatively, so the page
runs as it lies in the repository, and an upgrade changes every address at once.

The page also tells a browser all of its modules at once (``modulepreload``), which it would
otherwise learn of import by import, a round trip for each level.
"""

import hashlib
import re
import time
from collections.abc import Iterator
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import Final, NamedTuple

FOLDERS: Final = ("css", "js")
MAIN: Final = "js/main.js"
KEPT: Final = "public, max-age=31536000, immutable"
"""Cache-Control of what lies below the present fingerprint."""

LOOK_SECONDS: Final = 1.0
"""A page asks for all of its files at once; so often one looks whether any has changed."""

_OURS: Final = re.compile(rf'(?<=\s)(href|src)="/((?:{"|".join(FOLDERS)})/[^"]+)"')
_IMPORT: Final = re.compile(
    r'^(?:import|export)\s(?:[^"\';()]*?\sfrom\s+)?"(\.{1,2}/[^"\n]+)"', re.MULTILINE
)
_ADDRESS: Final = re.compile(r"@([0-9a-f]{16})/(.+)")
_SCRIPT: Final = '<script type="module"'


class Found(NamedTuple):
    """A path that lies below ``/@<fingerprint>/`` too, and whether that one is the present one."""

    path: str
    is_present: bool


class PageFiles:
    """The files of one directory; where it is not there, there are none and nothing changes."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._looked = -LOOK_SECONDS
        self._seen: tuple[tuple[str, int, int], ...] = ()
        self._fingerprint = ""
        self._modules: tuple[str, ...] = ()

    def find(self, path: str) -> Found | None:
        """Return what ``@<fingerprint>/js/main.js`` means, None of other paths."""
        match = _ADDRESS.fullmatch(path)
        if match is None or match[2].split("/")[0] not in FOLDERS:
            return None
        self._look()
        return Found(match[2], match[1] == self._fingerprint)

    def in_html(self, text: str) -> str:
        """Return a page that names its files where they may be kept, and all of its modules."""
        self._look()
        if not self._fingerprint:
            return text
        links = "".join(
            f'<link rel="modulepreload" href="/{module}">\n    ' for module in self._modules
        )
        return _OURS.sub(
            rf'\1="/@{self._fingerprint}/\2"', text.replace(_SCRIPT, f"{links}{_SCRIPT}", 1)
        )

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looked < LOOK_SECONDS:
            return
        files = sorted(file for folder in FOLDERS for file in self._below(folder))
        stats = [file.stat() for file in files]
        seen = tuple(
            (str(file), stat.st_size, stat.st_mtime_ns)
            for file, stat in zip(files, stats, strict=True)
        )
        if seen != self._seen:
            content = hashlib.blake2b(digest_size=8)
            for file in files:
                content.update(f"{file.relative_to(self._directory)}\0".encode())
                content.update(file.read_bytes())
            self._modules = tuple(self._imported())
            self._fingerprint = content.hexdigest() if files else ""
            self._seen = seen
        self._looked = now

    def _below(self, folder: str) -> Iterator[Path]:
        return (file for file in (self._directory / folder).rglob("*.*") if file.is_file())

    def _imported(self) -> Iterator[str]:
        """Yield the paths of all modules that the page needs, each before those it imports."""
        known, waiting = {MAIN}, [MAIN]
        while waiting:
            module = waiting.pop(0)
            file = self._directory / module
            if not file.is_file():
                continue
            yield module
            for named in imports(file.read_text(encoding="utf-8")):
                path = normpath(join(dirname(module), named))
                if path not in known and not path.startswith(".."):
                    known.add(path)
                    waiting.append(path)


def imports(text: str) -> list[str]:
    """Return the relative names of the modules that a module imports statically."""
    return _IMPORT.findall(text)
