"""What the capture is installed from, on machines that have nothing but Python."""

import subprocess
import sys
from pathlib import Path

import pytest

from chaos.docker import run
from support.docker import BASE, need_image

ROOT = Path(__file__).parents[2]
BUILD_SECONDS = 240
VERSION_LINE = "hepscope-heplify 0.1.0"

# Every module of the agent, with nothing but the archive and the standard library.
_IMPORT_ALL = """
import importlib, pkgutil, sys
sys.path.insert(0, sys.argv[1])
import hepscope_capture
found = list(pkgutil.walk_packages(hepscope_capture.__path__, "hepscope_capture."))
for module in found:
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print(len(found), *{"pydantic", "fastapi", "asyncpg", "aiokafka"} & set(sys.modules))
"""

pytestmark = pytest.mark.timeout(BUILD_SECONDS)


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The one file, the Debian package and the offline bundle, as they are built for a release."""
    out = tmp_path_factory.mktemp("dist")
    command([ROOT / "scripts/build-capture", "--out", out, "pyz", "deb", "bundle"])
    return out


def command(words: list[str | Path], **variables: str) -> str:
    """Return what a program writes; it must end well."""
    done = subprocess.run(
        list(map(str, words)),
        capture_output=True,
        text=True,
        check=False,
        timeout=BUILD_SECONDS,
        env={"PATH": "/usr/bin:/bin", **variables} if variables else None,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_one_file_needs_nothing_but_python(dist: Path) -> None:
    """No library of the machine is looked at, and every module can be imported from it."""
    pyz = dist / "hepscope-capture.pyz"
    alone = [sys.executable, "-I", "-S"]
    assert "all of them" in command([*alone, pyz, "--list-interfaces"])
    count, *others = command([*alone, "-c", _IMPORT_ALL, pyz]).split()
    assert int(count) > 100
    assert others == []


def test_a_link_named_heplify_is_heplify(dist: Path, tmp_path: Path) -> None:
    """So that not even the path of a unit file changes."""
    link = tmp_path / "heplify"
    link.symlink_to(dist / "hepscope-capture.pyz")
    assert command([sys.executable, "-I", "-S", link, "-version"]).strip() == VERSION_LINE
    words = ["-translate", "-i", "eth1", "-m", "SIP"]
    assert command([sys.executable, "-I", "-S", link, *words]).startswith(
        "hepscope-capture --interface=eth1 --no-rtcp "
    )


def test_two_builds_are_the_same_bytes(dist: Path, tmp_path: Path) -> None:
    """Of one commit: whoever doubts a package builds it."""
    command([ROOT / "scripts/build-capture", "--out", tmp_path, "pyz", "deb", "bundle"])
    for file in sorted(dist.iterdir()):
        assert (tmp_path / file.name).read_bytes() == file.read_bytes(), file.name


def test_the_debian_package_comes_and_goes(dist: Path) -> None:
    """In a container without network; Python is the image's own."""
    need_image(BASE)
    script = """
        set -e
        dpkg -i --force-depends /dist/*.deb >/dev/null
        hepscope-capture --list-interfaces
        hepscope-heplify -version
        stat -c '%a %U:%G %n' /etc/hepscope/capture.toml
        hepscope-capture --config /etc/hepscope/capture.toml --dump | grep '^send'
        grep -E '^(ExecStart|EnvironmentFile)=' /usr/lib/systemd/system/hepscope-capture*.service
        dpkg -P --force-depends hepscope-capture >/dev/null
        ls -d /etc/hepscope /usr/lib/hepscope-capture /usr/bin/hepscope-* 2>/dev/null || echo gone
    """
    mount = f"{dist}:/dist:ro"
    said = run("run", "--rm", "--network", "none", "-v", mount, BASE, "sh", "-c", script)
    units = "/usr/lib/systemd/system/hepscope-capture"
    capture = "ExecStart=/usr/bin/hepscope-capture"
    for line in (
        VERSION_LINE,
        "640 root:hepscope /etc/hepscope/capture.toml",
        f"{units}.service:{capture} --config /etc/hepscope/capture.toml",
        f"{units}@.service:{capture} --interface %I",
        "gone",
    ):
        assert line in said.splitlines()
    assert 'send = ["tcp://127.0.0.1:9060"]' in said
    # Variables win over a file, so the unit that has a file has no variables.
    assert f"{units}@.service:EnvironmentFile=" in said
    assert f"{units}.service:EnvironmentFile=" not in said


def test_the_bundle_installs_without_network_and_keeps_settings(dist: Path, tmp_path: Path) -> None:
    """Run again for an upgrade, it leaves alone what was set."""
    (bundle,) = dist.glob("*-offline.tar.gz")
    command(["tar", "-xzf", bundle, "-C", tmp_path])
    (folder,) = tmp_path.glob("hepscope-capture-*")
    root = tmp_path / "root"
    command([folder / "install"], DESTDIR=str(root))
    settings = root / "etc/hepscope/capture.toml"
    settings.write_text("[capture]\n")
    command([folder / "install"], DESTDIR=str(root))
    assert settings.read_text() == "[capture]\n"
    assert (root / "usr/bin/hepscope-heplify").readlink() == Path("hepscope-capture")
    pyz = root / "usr/lib/hepscope-capture/hepscope-heplify.pyz"
    assert command([sys.executable, "-I", "-S", pyz, "-version"]).strip() == VERSION_LINE
