#!/usr/bin/env python3
"""What must be there before the rest starts: passwords, owners of data directories, a cluster id.

Runs as the one-shot service ``secrets``, as root without network, before every start; it changes
only what is missing or wrong. The masters lie in a directory of the host (0700, one file each,
0600, owner as the directory). What is missing there is taken from a copy installed earlier, since
a database keeps the password it was made with, and only else generated. Each consumer finds
copies of what it may know in a volume of its own, readable by its user alone.

Directories: /secrets (masters), /tls (certificates of the site), /consumers/NAME (their volumes),
/data/NAME (their data). Nothing but the standard library is needed, except where a certificate has
to be made.
"""

import base64
import hashlib
import os
import secrets
import shutil
import sys
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SECRETS: Final = (
    "admin_password",
    "postgres_password",
    "hepscope_password",
    "grafana_password",
    "grafana_admin_password",
)
# Made by others only, so never generated here.
GIVEN: Final = (
    "hep_auth_keys",
    "hep_capture_key",
    "kafka_password",
    "loki_password",
    "alertmanager_webhook_url",
    "alertmanager_smtp_password",
)
RANDOM_BYTES: Final = 24
HTPASSWD: Final = "htpasswd"
HTPASSWD_USER: Final = "admin"
TLS_FILES: Final = ("certificate.pem", "key.pem", "client_ca.pem")
SELF_SIGNED: Final = "self-signed"
CLUSTER_ID: Final = "cluster_id"
# A file system of its own brings it; it is no data.
LOST_AND_FOUND: Final = "lost+found"


class PrepareError(Exception):
    """What stands in the way, in one line for the operator."""


@dataclass(frozen=True, slots=True)
class Consumer:
    """Who reads copies: the user id of its process, and the names of what it may know."""

    uid: int
    secrets: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    htpasswd: bool = False
    tls: bool = False
    needs_tls: bool = False


HEPSCOPE_UID: Final = 10001
CONSUMERS: Final[Mapping[str, Consumer]] = {
    "postgres": Consumer(999, ("postgres_password",)),
    "migrate": Consumer(
        HEPSCOPE_UID, ("postgres_password", "hepscope_password", "grafana_password")
    ),
    "ingest": Consumer(HEPSCOPE_UID, given=("kafka_password", "hep_auth_keys"), tls=True),
    "capture": Consumer(HEPSCOPE_UID, given=("hep_capture_key",)),
    "storage-writer": Consumer(
        HEPSCOPE_UID, ("hepscope_password",), ("kafka_password", "loki_password")
    ),
    "metrics-exporter": Consumer(HEPSCOPE_UID, given=("kafka_password",)),
    "query-api": Consumer(
        HEPSCOPE_UID, ("hepscope_password", "admin_password"), ("loki_password",)
    ),
    "grafana": Consumer(472, ("grafana_password", "grafana_admin_password")),
    "alertmanager": Consumer(
        65534, given=("alertmanager_webhook_url", "alertmanager_smtp_password")
    ),
    "nginx": Consumer(101, htpasswd=True, tls=True, needs_tls=True),
}
"""By the name of the volume; UID_NAME in the environment changes a user id."""


def main(root: Path, environ: Mapping[str, str]) -> None:
    """Do everything below ``root``; raises PrepareError or OSError."""
    consumers = {name: root / "consumers" / name for name in CONSUMERS}
    mounted = {name: directory for name, directory in consumers.items() if directory.is_dir()}
    given = environ.get("SECRETS_GIVEN", "").split()
    values = masters(root / "secrets", mounted.values(), given=given)
    tls = tls_files(root / "tls", needed=environ.get("TLS", "") == "required")
    for name, directory in mounted.items():
        consumer = CONSUMERS[name]
        if consumer.needs_tls and not tls:
            tls = self_signed(root / "tls", environ.get("TLS_NAMES", "").split(","))
        if install(directory, uid_of(name, consumer, environ), files_of(consumer, values, tls)):
            # For `up`: who runs has read the old one.
            sys.stdout.write(f"changed {name}\n")
    for owner in environ.get("OWNERS", "").split():
        name, _, uid = owner.partition(":")
        directory = root / "data" / name
        if directory.is_dir():
            give_to(directory, number(uid, f"OWNERS: {owner}"))
            if name == "kafka":
                name_cluster(directory, number(uid, f"OWNERS: {owner}"))


def uid_of(name: str, consumer: Consumer, environ: Mapping[str, str]) -> int:
    """Return the user id of a consumer's process; raises PrepareError."""
    variable = f"UID_{name.upper().replace('-', '_')}"
    return number(environ.get(variable) or str(consumer.uid), variable)


def number(text: str, what: str) -> int:
    """Return a user id; raises PrepareError."""
    if not (text.isascii() and text.isdigit()):
        raise PrepareError(f"{what}: {text!r} is no user id")
    return int(text)


def masters(
    directory: Path, copies: Iterable[Path], *, given: Iterable[str] = ()
) -> dict[str, str]:
    """Return all secrets by name, after making in ``directory`` what is missing.

    Those in ``given`` are never generated: raises PrepareError when one of them is not there.
    """
    directory.chmod(0o700)
    owner = directory.stat()
    places = list(copies)
    values = {}
    for name in (*SECRETS, *GIVEN):
        path = directory / name
        value = content(path)
        if not value and name in SECRETS:
            value = next(filter(None, (content(place / name) for place in places)), "")
            if not value and name in given:
                raise PrepareError(
                    f"secrets/{name} is missing: the servers are yours, so its content is too"
                )
            value = value or secrets.token_urlsafe(RANDOM_BYTES)
            write(path, value.encode() + b"\n", 0o600, owner.st_uid, owner.st_gid)
            sys.stdout.write(f"made secrets/{name}\n")
        elif not value and name in given:
            raise PrepareError(f"secrets/{name} is missing or empty")
        elif value:
            path.chmod(0o600)
        values[name] = value
    return values


def content(path: Path) -> str:
    """Return what a file says, nothing when it is not there; raises PrepareError."""
    try:
        text = path.read_text(encoding="utf-8").rstrip("\r\n")
    except FileNotFoundError:
        return ""
    except (IsADirectoryError, UnicodeDecodeError) as error:
        raise PrepareError(f"{path.name} is no file of text: {error}") from error
    if "\n" in text or "\0" in text:
        raise PrepareError(f"secrets/{path.name} has more than one line")
    return text


def tls_files(directory: Path, *, needed: bool) -> dict[str, bytes]:
    """Return the site's certificate, key and perhaps CA of clients, by file name.

    Empty without a certificate; raises PrepareError when it is ``needed`` or half there.
    """
    found = {name: directory / name for name in TLS_FILES if (directory / name).is_file()}
    missing = [name for name in TLS_FILES[:2] if name not in found]
    if len(missing) == 1 or (missing and needed):
        raise PrepareError(f"tls/{' and tls/'.join(missing)} missing")
    return {} if missing else {name: path.read_bytes() for name, path in found.items()}


def self_signed(directory: Path, names: Iterable[str]) -> dict[str, bytes]:
    """Return a certificate of our own and its key, made once and kept in ``directory``."""
    # The one thing that the standard library cannot do; the image has it.
    from hepscope_ingest.own_certificate import own_certificate  # noqa: PLC0415

    kept = directory / SELF_SIGNED
    files = own_certificate(kept, [name.strip() for name in names])
    owner = directory.stat()
    for path in (kept, *files):
        own(path, owner.st_uid, owner.st_gid)
    return {"certificate.pem": files.certificate.read_bytes(), "key.pem": files.key.read_bytes()}


def files_of(
    consumer: Consumer, values: Mapping[str, str], tls: Mapping[str, bytes]
) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of what a consumer may know."""
    for name in (*consumer.secrets, *consumer.given):
        if values[name]:
            # Without a line's end: not every program that reads such a file takes it off.
            yield name, values[name].encode()
    if consumer.htpasswd:
        yield HTPASSWD, htpasswd(values["admin_password"]).encode()
    if consumer.tls:
        yield from tls.items()


def htpasswd(password: str) -> str:
    """Return a line for nginx: salted SHA-1, which it checks at every request without delay.

    A slow hash would protect nothing here: the password itself lies on this machine, too.
    """
    salt = os.urandom(16)
    digest = hashlib.sha1(password.encode() + salt, usedforsecurity=False).digest()
    return f"{HTPASSWD_USER}:{{SSHA}}{base64.b64encode(digest + salt).decode()}\n"


def install(directory: Path, uid: int, files: Iterable[tuple[str, bytes]]) -> bool:
    """Make the copies in a consumer's volume those of ``files``, and no others.

    Returns whether one of them was another before; one that is new does not count.
    """
    directory.chmod(0o700)
    own(directory, uid, uid)
    wanted = dict(files)
    has_changed = False
    for path in directory.iterdir():
        if path.name not in wanted:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        # nginx and ingest read theirs again by themselves, or are told.
        elif path.name not in (HTPASSWD, *TLS_FILES):
            has_changed |= path.read_bytes() != wanted[path.name]
    for name, new in wanted.items():
        write(directory / name, new, 0o400, uid, uid)
    return has_changed


def write(path: Path, data: bytes, mode: int, uid: int, gid: int) -> None:
    """Write a file that is there whole, with owner and mode from the start, or not at all."""
    partial = path.with_name(f".{path.name}.new")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        os.fchmod(file.fileno(), mode)
        own(file.fileno(), uid, gid)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def own(place: Path | int, uid: int, gid: int) -> None:
    """Make a path or an open file a user's, unless it is."""
    if os.stat(place).st_uid != uid:  # noqa: PTH116 - also of an open file
        os.chown(place, uid, gid)


def give_to(directory: Path, uid: int) -> None:
    """Give a data directory to its user: one that is new, so root's or without any content."""
    status = directory.stat()
    if status.st_uid == uid:
        return
    is_empty = all(path.name == LOST_AND_FOUND for path in directory.iterdir())
    if is_empty or status.st_uid == 0:
        os.chown(directory, uid, uid)
        # Where it is a directory of this machine, it has other users.
        directory.chmod(0o700)
        return
    raise PrepareError(
        f"the directory of {directory.name} belongs to user {status.st_uid} and holds something;"
        f" it has to belong to user {uid}"
    )


def name_cluster(directory: Path, uid: int) -> None:
    """Give Kafka's data an id of their own, once.

    Positions in the database are kept by it: with new data under an old id, records would be taken
    for ones that are stored already.
    """
    path = directory / CLUSTER_ID
    if not content(path):
        write(path, f"{cluster_id()}\n".encode(), 0o444, uid, uid)


def cluster_id() -> str:
    """Return 16 random bytes as Kafka writes them: URL-safe base64, no padding, no dash first."""
    while True:
        name = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not name.startswith("-"):
            return name


if __name__ == "__main__":
    os.umask(0o077)
    try:
        main(Path("/"), os.environ)
    except (PrepareError, OSError) as failure:
        sys.exit(f"secrets: {failure}")
