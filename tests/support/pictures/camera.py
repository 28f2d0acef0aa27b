"""The camera: Chromium at the sizes and in the themes of the pictures."""

import base64
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Error, Page, Playwright

from support.browser import PHONE, ZONE, chromium_path
from support.pictures.set import Set
from support.pictures.table import Picture

DESK = {"width": 1440, "height": 900}
THEMES = ("light", "dark")
PATIENCE_MS = 30_000
LOOK_MS = 400
MOST_LOOKS = 25

# Quality 1 is lossless, and a third of what PNG takes: the files lie in the repository.
_TO_WEBP = """async (png) => {
  const bitmap = await createImageBitmap(await (await fetch(png)).blob());
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  const webp = await canvas.convertToBlob({ type: "image/webp", quality: 1 });
  const reader = new FileReader();
  return new Promise((done) => {
    reader.onload = () => done(reader.result);
    reader.readAsDataURL(webp);
  });
}"""


class Camera:
    """Takes pictures into a directory; ``missed`` are those whose screen did not come."""

    def __init__(self, playwright: Playwright, base: str, out: Path) -> None:
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        self._browser = playwright.chromium.launch(executable_path=chromium_path(), args=sandbox)
        self._darkroom = self._browser.new_page()
        self._base = base
        self._out = out
        self.missed: list[str] = []

    def take(self, pictures: Sequence[Picture], made: Set) -> None:
        """Take each picture in each theme."""
        for picture in pictures:
            for theme in THEMES:
                name = f"{picture.name}-{theme}"
                try:
                    self._take(picture, made, theme, self._out / f"{name}.webp")
                except Error as error:
                    self.missed.append(name)
                    sys.stdout.write(f"{name}: {error.message.splitlines()[0]}\n")
                else:
                    sys.stdout.write(f"{name}\n")

    def close(self) -> None:
        """End Chromium."""
        self._browser.close()

    def _take(self, picture: Picture, made: Set, theme: str, file: Path) -> None:
        context = self._browser.new_context(
            base_url=self._base,
            timezone_id=ZONE,
            locale="en-GB",
            color_scheme="dark" if theme == "dark" else "light",
            reduced_motion="reduce",
            viewport=PHONE if picture.is_phone else DESK,  # type: ignore[arg-type]
            device_scale_factor=2 if picture.is_phone else 1,
            has_touch=picture.is_phone,
        )
        context.set_default_timeout(PATIENCE_MS)
        try:
            page = context.new_page()
            picture.show(page, made)
            file.write_bytes(self._developed(_still(page)))
        finally:
            context.close()

    def _developed(self, png: bytes) -> bytes:
        given = f"data:image/png;base64,{base64.b64encode(png).decode()}"
        made: str = self._darkroom.evaluate(_TO_WEBP, given)
        return base64.b64decode(made.partition(",")[2])


def _still(page: Page) -> bytes:
    """Return the picture of a page once it does not change any more, or after a while."""
    last = page.screenshot()
    for _ in range(MOST_LOOKS):
        page.wait_for_timeout(LOOK_MS)
        now = page.screenshot()
        if now == last and not page.locator("[aria-busy=true]").count():
            break
        last = now
    return last
