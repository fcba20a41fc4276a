"""What we say exists, whole, in every language that we speak."""

import ast
import gettext
import re
from pathlib import Path

import pytest

from marketplace import dialogue
from marketplace.dialogue.words import LOCALE

FOLDER = Path(dialogue.__file__).parent
TALK = [*sorted(FOLDER.glob("*replies.py")), FOLDER / "words.py"]
NOTICES = [FOLDER.parent / "notices.py", FOLDER.parent / "visit_notices.py"]  # in French in the catalog of the project


def messages(files: list[Path]) -> set[str]:
    """All texts that these modules pass through the catalogs."""
    calls = (node for path in files for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    return {
        call.args[0].value
        for call in calls
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "_"
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    }


@pytest.mark.parametrize(("language", "files"), [("fr", TALK), ("pcm", TALK + NOTICES)])
def test_every_reply_is_translated_with_the_same_placeholders(language: str, files: list[Path]) -> None:
    catalog = gettext.translation("django", LOCALE, languages=[language])
    known = getattr(catalog, "_catalog")  # noqa: B009  the only way to tell "missing" from "the same word"
    for message in messages(files):
        assert message in known, f"{message!r} has no {language} translation"
        placeholders = sorted(re.findall(r"%\(\w+\)\w", message))
        assert sorted(re.findall(r"%\(\w+\)\w", known[message])) == placeholders, message
