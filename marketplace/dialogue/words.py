"""Translate what we say: English in the code, French and Pidgin in the catalogs beside it.

Django offers no Pidgin, and a person's language is no visitor's language, so the talk has catalogs of its own.
`makemessages` keeps them (`locale/`), and the language is the one that `translation.override()` set for the turn.
"""

import gettext as catalogs
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.utils import timezone, translation
from django.utils.translation import get_language

LOCALE: Final = Path(__file__).resolve().parent / "locale"
LANGUAGES: Final = ("fr", "en", "pcm")


class _Houses(catalogs.NullTranslations):
    """What the talk's own catalog lacks (notices) stands in the catalog of the whole project."""

    def gettext(self, message: str) -> str:
        return translation.gettext(message)


@lru_cache(maxsize=8)
def _catalog(language: str) -> catalogs.NullTranslations:
    found = catalogs.translation("django", LOCALE, languages=[language], fallback=True)
    if language == "fr":
        found.add_fallback(_Houses())
    return found


def spoken() -> str:
    """The language of this turn: "fr", "en" or "pcm"."""
    language = (get_language() or "fr").partition("-")[0]
    return language if language in LANGUAGES else "fr"


def gettext(message: str) -> str:
    """What `message` is in the language of this turn."""
    return _catalog(spoken()).gettext(message)


_ = gettext


def day_and_hour(moment: datetime) -> str:
    """A visit's time as people say it: "mercredi 25/11 à 8 h 30"."""
    local = timezone.localtime(moment)
    names = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))
    return _("%(day)s %(date)s at %(hour)s") % {
        "day": names[local.weekday()],
        "date": f"{local:%d/%m}",
        "hour": f"{local:%H:%M}",
    }
