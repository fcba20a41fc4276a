"""Services and zones as people name them in a list: by slug, name, or one of the names in our own data."""

import csv
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from django.utils.text import slugify
from django.utils.translation import gettext as _

from providers.models import Service, Zone
from providers.seeding import DATA

# Columns of our data whose words, parted by "|", name the row.
SERVICE_WORDS: Final = ("synonyms_fr", "synonyms_en")
ZONE_WORDS: Final = ("aliases",)


class Names:
    """All names of services or zones, folded, and the ids they may mean."""

    def __init__(
        self, names: Iterable[tuple[str, int]], slugs: Mapping[str, int], extra: Mapping[str, set[str]]
    ) -> None:
        self._own: dict[str, set[int]] = defaultdict(set)
        self._others: dict[str, set[int]] = defaultdict(set)
        for name, pk in (*names, *slugs.items()):
            self._own[folded(name)].add(pk)
        for slug, words in extra.items():
            if slug in slugs:
                for word in words:
                    self._others[folded(word)].add(slugs[slug])
        self._slugs = {pk: slug for slug, pk in slugs.items()}

    def find(self, name: str) -> tuple[int | None, str]:
        """The id that `name` means, or `None` and why in plain words. A real name wins over a synonym."""
        key = folded(name)
        ids = self._own.get(key) or self._others.get(key) or set()
        if len(ids) == 1:
            return next(iter(ids)), ""
        if not ids:
            return None, _("“%(name)s” is unknown.") % {"name": name}
        choices = ", ".join(sorted(self._slugs[pk] for pk in ids))
        return None, _("“%(name)s” may mean several: write one of %(choices)s.") % {"name": name, "choices": choices}


def folded(name: str) -> str:
    """Without case, accents and punctuation, so that "Élec-tricité " is "elec tricite"."""
    plain = unicodedata.normalize("NFKD", name)
    return slugify(plain).replace("-", " ").replace("_", " ").strip()


def service_names() -> Names:
    """Names of the services as they are now."""
    rows = list(Service.objects.values_list("pk", "slug", "name_fr", "name_en"))
    names = [(name, pk) for pk, _slug, *both in rows for name in both]
    return Names(names, {slug: pk for pk, slug, *_names in rows}, _words("services.csv", SERVICE_WORDS))


def zone_names() -> Names:
    """Names of the zones as they are now."""
    rows = list(Zone.objects.values_list("pk", "slug", "name"))
    names = [(name, pk) for pk, _slug, name in rows]
    return Names(names, {slug: pk for pk, slug, _name in rows}, _words("zones.csv", ZONE_WORDS))


def _words(file_name: str, columns: Iterable[str]) -> dict[str, set[str]]:
    with (DATA / file_name).open(encoding="utf-8", newline="") as file:
        return {
            row["slug"]: {word for column in columns for word in row[column].split("|") if word}
            for row in csv.DictReader(file)
        }
