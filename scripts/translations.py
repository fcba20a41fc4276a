"""Are the French texts complete, and is what Django reads up to date? `--update` collects and compiles first.

Newcomers have no gettext tools, so the compiled catalog is in the repository; this script holds it to its source.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
CATALOG: Final = ROOT / "locale" / "fr" / "LC_MESSAGES" / "django.po"
IGNORED: Final = (".venv", "tests", "benchmarks", "static-collected", ".data")


def main() -> int:
    """Print each fault; the exit code is 1 when there is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update", action="store_true", help="collect the texts and compile the catalog")
    if parser.parse_args().update:
        update(ROOT)
    faults = [*_incomplete(), *_stale()]
    for fault in faults:
        print(fault)
    return 1 if faults else 0


def update(root: Path) -> None:
    """Collect all texts of the project into the catalog, and compile it."""
    patterns = [part for name in IGNORED for part in ("--ignore", name)]
    command = [
        sys.executable,
        "manage.py",
        "makemessages",
        "-l",
        "fr",
        "--no-obsolete",
        "--no-wrap",
        "--add-location=file",
    ]
    _run([*command, *patterns], root)
    _run(["msgfmt", "--check-format", "-o", str(_compiled(root)), str(root / CATALOG.relative_to(ROOT))], root)


def _incomplete() -> list[str]:
    """Texts without a translation, or with one that is only guessed."""
    faults = []
    for words, option in (("untranslated", "--untranslated"), ("fuzzy", "--only-fuzzy")):
        found = _run(["msgattrib", option, "--no-obsolete", "--no-wrap", str(CATALOG)], ROOT)
        texts = [
            line.removeprefix("msgid ")
            for line in found.splitlines()
            if line.startswith("msgid ") and line != 'msgid ""'
        ]
        faults += [f"{words}: {text}" for text in texts]
    return faults


def _stale() -> list[str]:
    """What `--update` would change: texts of the code that the catalog lacks, or an old compiled catalog."""
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / "project"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*IGNORED, ".git", "__pycache__", "node_modules"))
        update(copy)
        faults = []
        if _texts(copy) != _texts(ROOT):
            faults.append("locale/: texts were added or removed; run `python scripts/translations.py --update`")
        if _compiled(copy).read_bytes() != _compiled(ROOT).read_bytes():
            faults.append("locale/: the compiled catalog is old; run `python scripts/translations.py --update`")
    return faults


def _texts(root: Path) -> set[str]:
    """The texts of a catalog with their translations, whatever their order and places."""
    catalog = root / CATALOG.relative_to(ROOT)
    found = _run(["msgattrib", "--no-location", "--no-obsolete", "--no-wrap", "--sort-output", str(catalog)], root)
    return {entry for entry in found.split("\n\n") if "POT-Creation-Date" not in entry}


def _compiled(root: Path) -> Path:
    return (root / CATALOG.relative_to(ROOT)).with_suffix(".mo")


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)  # noqa: S603  our own words
    if done.returncode:
        sys.exit(f"{' '.join(command[:3])} failed: {done.stderr.strip()}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
