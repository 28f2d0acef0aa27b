"""The index of the pictures, written beside them."""

from collections.abc import Sequence
from pathlib import Path

from support.pictures.table import Picture

HEAD = """# Pictures

Every screen, light and dark, as `make screenshots` renders it: a hepscope with six hours of
`hepscope demo` (always the same seed, ending when the pictures are taken), in Chromium at 1440x900;
those for phones at 390x844. Written by `tests/support/pictures`.
"""
PHONE_WIDTH = 195
DESK_WIDTH = 420


def write_index(out: Path, pictures: Sequence[Picture]) -> None:
    """Write README.md with those pictures that are there."""
    there = [one for one in pictures if (out / f"{one.name}-light.webp").exists()]
    text = HEAD + "".join(_entry(one) for one in there)
    (out / "README.md").write_text(text, encoding="utf-8")


def _entry(picture: Picture) -> str:
    width = PHONE_WIDTH if picture.is_phone else DESK_WIDTH
    images = [
        f'<img src="{picture.name}-{theme}.webp" width="{width}" alt="{picture.shows}, {theme}">'
        for theme in ("light", "dark")
    ]
    shows = picture.shows[0].upper() + picture.shows[1:]
    return f"\n## {picture.name}\n\n{shows}.\n\n{images[0]}\n{images[1]}\n"
