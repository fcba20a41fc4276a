"""The console speaks French, the theme's own words too."""

import importlib.util
import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.translation import trans_real
from django.utils.translation.template import templatize

SPEC = importlib.util.find_spec("unfold")
assert SPEC is not None
assert SPEC.submodule_search_locations is not None
THEME = Path(SPEC.submodule_search_locations[0])
# They belong to parts of the theme that are not installed here.
ABSENT = ("contrib/constance", "contrib/import_export", "contrib/location_field", "contrib/guardian")
QUOTED = r"""(?:_|gettext|gettext_lazy)\(\s*(?:u?"((?:[^"\\]|\\.)+)"|u?'((?:[^'\\]|\\.)+)')\s*\)"""


def words_of_the_theme() -> set[str]:
    words = set()
    for path in [*THEME.rglob("*.py"), *THEME.rglob("*.html")]:
        if not any(part in path.as_posix() for part in ABSENT):
            text = path.read_text()
            source = templatize(text, origin=str(path)) if path.suffix == ".html" else text
            words |= {
                re.sub(r"\\(['\"])", r"\1", double or single).replace("\\n", "\n")
                for double, single in re.findall(QUOTED, source)
            }
    return words


def test_every_word_of_the_theme_has_its_french() -> None:
    words = words_of_the_theme()
    assert len(words) > 100
    # Django's own objects; the catalog has what our files and Django's bring.
    catalog = trans_real.translation("fr")
    lacking = {word for word in words if catalog._catalog.get(word) is None}  # type: ignore[attr-defined]  # noqa: SLF001
    assert not lacking, "templates/djobea/theme_words.txt lacks them"


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "word"), [("fr", "Bienvenue"), ("en", "Welcome")])
def test_the_login_page_speaks_both_languages(client: Client, language: str, word: str) -> None:
    with translation.override(language):
        page = client.get(reverse("admin:login"), headers={"accept-language": language})
    assert word in page.content.decode()
