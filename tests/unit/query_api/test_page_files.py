"""Files of the page: found below a fingerprint of their content, and all modules told at once."""

import re
from pathlib import Path

import pytest

from hepscope_query_api.settings import IN_REPOSITORY
from hepscope_query_api.web.page_files import PageFiles, imports

INDEX = """<link rel="stylesheet" href="/css/a.css">
<script type="module" src="/js/main.js"></script>
<a href="/calls">Calls</a>
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A page of three modules, of which one is imported over two levels, and one by nobody."""
    for name, text in {
        "css/a.css": "a {}",
        "js/main.js": 'import { b } from "./b/b.js";\nimport(`./late.js`);\n',
        "js/b/b.js": 'import {\n  c,\n} from "../c.js";\n// import "./no.js"\n/** @see "./y.js" */',
        "js/c.js": 'export { b } from "./b/b.js";\n',
        "js/late.js": "",
    }.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


def test_names_files_below_their_fingerprint(directory: Path) -> None:
    """Addresses of screens stay; modules come level by level before the script that needs them."""
    text = PageFiles(directory).in_html(INDEX)
    named = re.findall(r'="(/@[0-9a-f]{16})(/[^"]+)"', text)
    assert [path for _, path in named] == [
        *("/css/a.css", "/js/main.js", "/js/b/b.js", "/js/c.js", "/js/main.js"),
    ]
    assert len({fingerprint for fingerprint, _ in named}) == 1
    assert '<a href="/calls">' in text


def test_the_fingerprint_is_of_the_content(directory: Path) -> None:
    """Two servers of one version agree, and any change changes it."""

    def fingerprint() -> str:
        found = re.search(r"@[0-9a-f]{16}", PageFiles(directory).in_html(INDEX))
        assert found is not None
        return found[0]

    first = fingerprint()
    (directory / "js/c.js").touch()
    assert fingerprint() == first
    (directory / "js/c.js").write_text("export {};")
    assert fingerprint() != first


def test_finds_files_of_the_present_and_of_other_fingerprints(directory: Path) -> None:
    """An open page may ask for files of an older version; other paths are not ours to find."""
    files = PageFiles(directory)
    present = re.search(r"@[0-9a-f]{16}", files.in_html(INDEX))
    assert present is not None
    assert files.find(f"{present[0]}/js/b/b.js") == ("js/b/b.js", True)
    assert files.find("@0123456789abcdef/js/b/b.js") == ("js/b/b.js", False)
    for path in ("js/main.js", f"{present[0]}/index.html", "@x/js/a.js", f"{present[0]}/../js/a"):
        assert files.find(path) is None


def test_without_a_page_nothing_changes(tmp_path: Path) -> None:
    """The API is of use alone."""
    assert PageFiles(tmp_path / "none").in_html(INDEX) == INDEX


def test_every_import_of_the_real_page_is_a_file() -> None:
    """What a module names is there, in the case that is written."""
    for module in sorted(IN_REPOSITORY.glob("js/**/*.js")):
        for named in imports(module.read_text(encoding="utf-8")):
            assert (module.parent / named).resolve().is_file(), f"{module}: {named}"
