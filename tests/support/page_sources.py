"""The sources of the page, and what its modules name, import and export."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import Final

FRONTEND: Final = Path(__file__).parents[2] / "frontend"

NAMED: Final = re.compile(
    r"(?:import|export)\s*\{(?P<names>[^{}]*)\}\s*from\s*\"(?P<path>\.[^\"]+)\""
)
LATER: Final = re.compile(r"\{(?P<names>[^{}]*)\}\s*=\s*await import\(\"(?P<path>\.[^\"]+)\"\)")
EXPORTED: Final = re.compile(
    r"^export\s+(?:async\s+)?(?:function|const|class)\s+(\w+)", re.MULTILINE
)
COMMENT: Final = re.compile(r"/\*.*?\*/|^\s*//[^\n]*", re.DOTALL | re.MULTILINE)


def modules() -> Mapping[str, str]:
    """Return the text of every module by its path below the frontend."""
    files = sorted((FRONTEND / "js").rglob("*.js"))
    return {str(file.relative_to(FRONTEND)): file.read_text(encoding="utf-8") for file in files}


def imported(texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each module and name that some module takes from it."""
    for path, text in texts.items():
        for pattern in (NAMED, LATER):
            for found in pattern.finditer(text):
                target = normpath(join(dirname(path), found["path"]))
                for name in found["names"].split(","):
                    if name.strip():
                        yield target, name.split(" as ")[0].strip()


def sheets() -> Mapping[str, str]:
    """Return the style sheets without comments and declarations: what is left are selectors."""
    return {
        file.name: re.sub(r"\{[^{}]*\}", "{}", COMMENT.sub("", file.read_text(encoding="utf-8")))
        for file in sorted((FRONTEND / "css").glob("*.css"))
    }
