"""Builds what the capture agent is installed from; see scripts/build-capture.

One tree of files, as they lie on the machine, is what deb, rpm and the offline bundle hold. All
times in archives are that of the commit, so that a build can be repeated byte for byte.
"""  # noqa: INP001 - a script beside others

import argparse
import gzip
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipapp
import zipfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ROOT / "deploy/packages"
UNIT = ROOT / "deploy/systemd/units/hepscope-capture@.service"
MEMBERS = ("libs/hep", "libs/common", "services/capture")
LOCK = ROOT / "deploy/docker/locks/capture.lock"
NAME = "hepscope-capture"
INSTALLED = "/opt/hepscope/bin/"
"""Where the units of the repository look for programs; a package has them in /usr/bin."""

_OLDEST = 315_532_800
"""1980: the first second that a zip file can tell."""


class Build:
    """One build into a directory, with another one for what is in the making."""

    def __init__(self, out: Path, scratch: Path, wheels: Path | None) -> None:
        self.out = out
        self.scratch = scratch
        self.version = str(_project(ROOT / "services/capture")["version"])
        self.time = _commit_time()
        self._index = wheels
        self._wheels: Path | None = None
        self._pyz: Path | None = None
        self._tree: Path | None = None

    def wheels(self) -> Path:
        """Return a directory with our wheels and those they need."""
        if self._wheels is None:
            self._wheels = self.scratch / "wheels"
            for member in MEMBERS:
                _run(
                    *(sys.executable, "-m", "hatchling", "build", "-t", "wheel"),
                    *("-d", str(self._wheels)),
                    cwd=ROOT / member,
                    time=self.time,
                )
            offline = ("--no-index", "--find-links", str(self._index)) if self._index else ()
            _run(
                *(sys.executable, "-m", "pip", "download", "--disable-pip-version-check"),
                *("--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes"),
                *("-r", str(LOCK), "-d", str(self._wheels), *offline),
            )
        return self._wheels

    def pyz(self) -> Path:
        """Return the one file: everything that runs, for any Python from 3.11 on."""
        if self._pyz is None:
            content = self.scratch / "pyz"
            for wheel in sorted(self.wheels().glob("*.whl")):
                with zipfile.ZipFile(wheel) as archive:
                    archive.extractall(content)  # noqa: S202 - of our making, or by hash
            shutil.copy(PACKAGES / "pyz_main.py", content / "__main__.py")
            self._touch(content)
            self._pyz = self.scratch / f"{NAME}.pyz"
            zipapp.create_archive(
                content, self._pyz, interpreter="/usr/bin/env python3", compressed=True
            )
            self._pyz.chmod(0o755)
        return self._pyz

    def tree(self) -> Path:
        """Return the files as they lie on a machine."""
        if self._tree is None:
            self._tree = tree = self.scratch / "tree"
            library, units = tree / f"usr/lib/{NAME}", tree / "usr/lib/systemd/system"
            _place(self.pyz(), library / f"{NAME}.pyz")
            (library / "hepscope-heplify.pyz").symlink_to(f"{NAME}.pyz")
            _place(PACKAGES / "launcher", tree / f"usr/bin/{NAME}", 0o755)
            (tree / "usr/bin/hepscope-heplify").symlink_to(NAME)
            unit = UNIT.read_text().replace(INSTALLED, "/usr/bin/")
            _write(units / UNIT.name, unit)
            _write(units / f"{NAME}.service", _plain_unit(unit))
            accounts = ROOT / "deploy/systemd/sysusers.d/hepscope.conf"
            _place(accounts, tree / f"usr/lib/sysusers.d/{NAME}.conf")
            example = ROOT / "deploy/systemd/examples/hepscope-capture.env"
            _place(example, tree / "etc/hepscope/hepscope-capture.env")
            _place(PACKAGES / "capture.toml", tree / "etc/hepscope/capture.toml", 0o640)
            documents = tree / f"usr/share/doc/{NAME}"
            _place(ROOT / "LICENSE", documents / "copyright")
            for page in ("capture.md", "from-heplify.md"):
                _place(ROOT / "docs" / page, documents / page)
            self._touch(tree)
        return self._tree

    def write_pyz(self) -> None:
        """Write the one file."""
        shutil.copy2(self.pyz(), self.out / f"{NAME}.pyz")
        _say(f"{NAME}.pyz", self.out / f"{NAME}.pyz")

    def write_wheels(self) -> None:
        """Write the wheels."""
        shutil.copytree(self.wheels(), self.out / "wheels", dirs_exist_ok=True)
        _say("wheels/", *(self.out / "wheels").iterdir())

    def write_deb(self) -> None:
        """Write the Debian package, where dpkg-deb is."""
        if shutil.which("dpkg-deb") is None:
            _skip("deb", "dpkg-deb")
            return
        root = self.scratch / "deb"
        shutil.copytree(self.tree(), root, symlinks=True)
        size = sum(path.stat().st_size for path in root.rglob("*") if path.is_file()) // 1024
        control = (PACKAGES / "debian/control").read_text()
        control = control.replace("@VERSION@", self.version).replace("@SIZE@", str(size))
        _write(root / "DEBIAN/control", control)
        for script in ("postinst", "prerm", "postrm"):
            _place(PACKAGES / "debian" / script, root / "DEBIAN" / script, 0o755)
        settings = sorted((root / "etc/hepscope").iterdir())
        names = "".join(f"/{path.relative_to(root)}\n" for path in settings)
        _write(root / "DEBIAN/conffiles", names)
        self._touch(root)
        package = self.out / f"{NAME}_{self.version}_all.deb"
        _run("dpkg-deb", "--root-owner-group", "--build", str(root), str(package), time=self.time)
        _say(package.name, package)

    def write_rpm(self) -> None:
        """Write the rpm, where rpmbuild is."""
        if shutil.which("rpmbuild") is None:
            _skip("rpm", "rpmbuild")
            return
        top = self.scratch / "rpm"
        defines = {"_topdir": top, "version_": self.version, "tree": self.tree()}
        # Byte code is made by whoever runs it; the files are as they are for every Python.
        defines |= {"__os_install_post": "%{nil}", "_build_id_links": "none"}
        words = [word for pair in defines.items() for word in ("--define", f"{pair[0]} {pair[1]}")]
        _run("rpmbuild", "-bb", "--quiet", *words, str(PACKAGES / f"{NAME}.spec"), time=self.time)
        (package,) = top.glob("RPMS/noarch/*.rpm")
        shutil.copy2(package, self.out / package.name)
        _say(package.name, package)

    def write_bundle(self) -> None:
        """Write the offline bundle: the tree with a script that installs it, and the wheels."""
        base = f"{NAME}-{self.version}"
        root = self.scratch / "bundle"
        shutil.copytree(self.tree(), root / "tree", symlinks=True)
        shutil.copytree(self.wheels(), root / "wheels")
        _place(PACKAGES / "bundle-install", root / "install", 0o755)
        _place(self.pyz(), root / f"{NAME}.pyz", 0o755)
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            for path in sorted(root.rglob("*")):
                archive.add(
                    path, f"{base}/{path.relative_to(root)}", recursive=False, filter=self._plain
                )
        target = self.out / f"{base}-offline.tar.gz"
        target.write_bytes(gzip.compress(buffer.getvalue(), mtime=self.time))
        _say(target.name, target)

    def _plain(self, info: tarfile.TarInfo) -> tarfile.TarInfo:
        info.mtime = self.time
        info.uid = info.gid = 0
        info.uname = info.gname = "root"
        return info

    def _touch(self, root: Path) -> None:
        for path in (root, *root.rglob("*")):
            os.utime(path, (self.time, self.time), follow_symlinks=False)


def _plain_unit(template: str) -> str:
    """Return the unit of a capture that takes everything from its settings file."""
    unit = template.replace(
        "Description=hepscope capture at %I", "Description=hepscope capture, by its settings file"
    )
    unit = unit.replace(" --interface %I", " --config /etc/hepscope/capture.toml")
    # Variables win over a file: those of the instances must not reach it.
    mentions = ("EnvironmentFile=", "# HEPSCOPE_CAPTURE__")
    lines = [line for line in unit.splitlines() if not line.startswith(mentions)]
    if unit == template or "%I" in unit or "%i" in "\n".join(lines):
        raise SystemExit(f"{UNIT}: not as expected")
    return "\n".join(lines) + "\n"


def _project(member: Path) -> dict[str, object]:
    project: dict[str, object] = tomllib.loads((member / "pyproject.toml").read_text())["project"]
    return project


def _commit_time() -> int:
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(given)
    done = subprocess.run(
        ["git", "log", "-1", "--format=%ct"],  # noqa: S607 - whichever git there is
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return max(int(done.stdout or 0), _OLDEST)


def _run(*words: str, cwd: Path = ROOT, time: int = 0) -> None:
    environ = {**os.environ, "SOURCE_DATE_EPOCH": str(time)} if time else None
    done = subprocess.run(  # noqa: S603 - our own words
        words, cwd=cwd, env=environ, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(words)}\n{done.stdout}{done.stderr}")


def _place(source: Path, target: Path, mode: int = 0o644) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)
    target.chmod(mode)


def _write(target: Path, text: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)
    target.chmod(0o644)


def _say(name: str, *files: Path) -> None:
    size = sum(file.stat().st_size for file in files)
    sys.stdout.write(f"{size / 1024:8,.0f} KB  {name}\n")


def _skip(what: str, program: str) -> None:
    sys.stdout.write(f"{'-':>8}     {what}: {program} is not here\n")


def main() -> int:
    """Build what the command line names."""
    parser = argparse.ArgumentParser(prog="scripts/build-capture")
    kinds = ("pyz", "wheels", "deb", "rpm", "bundle")
    parser.add_argument("what", nargs="*", choices=[*kinds, []], metavar="|".join(kinds))
    parser.add_argument("--out", type=Path, default=ROOT / "dist", metavar="DIR")
    parser.add_argument("--wheels", type=Path, metavar="DIR", help="instead of the package index")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        build = Build(args.out.resolve(), Path(scratch), args.wheels and args.wheels.resolve())
        write: Callable[[], None]
        for kind in args.what or kinds:
            write = getattr(build, f"write_{kind}")
            write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
