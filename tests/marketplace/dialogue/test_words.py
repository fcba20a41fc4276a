"""What we say exists, whole, in every language that we speak."""

import ast
import gettext
import re
from pathlib import Path

import pytest

from marketplace import dialogue
from marketplace.dialogue.words import LOCALE

FOLDER = Path(dialogue.__file__).parent
SPOKEN = [*sorted(path.name for path in FOLDER.glob("*replies.py")), "words.py"]


def messages() -> set[str]:
    """All texts that the talk passes through its catalogs."""
    calls = (node for name in SPOKEN for node in ast.walk(ast.parse((FOLDER / name).read_text(encoding="utf-8"))))
    return {
        call.args[0].value
        for call in calls
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "_"
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    }


@pytest.mark.parametrize("language", ["fr", "pcm"])
def test_every_reply_is_translated_with_the_same_placeholders(language: str) -> None:
    catalog = gettext.translation("django", LOCALE, languages=[language])
    known = getattr(catalog, "_catalog")  # noqa: B009  the only way to tell "missing" from "the same word"
    for message in messages():
        assert message in known, f"{message!r} has no {language} translation"
        placeholders = sorted(re.findall(r"%\(\w+\)\w", message))
        assert sorted(re.findall(r"%\(\w+\)\w", known[message])) == placeholders, message
