"""Providers from a list: each row is taken, or refused with its reasons in plain words."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from providers import coverage
from providers.models import Provider, ProviderStatus
from providers.naming import Names, folded, service_names, zone_names
from providers.phone_numbers import UnreadableNumber, normalise
from providers.tables import Line, UnreadableTable, read_rows, read_table

# How lists name our columns (compared without case, accents and punctuation).
HEADINGS: Final = {
    "name": ("name", "nom", "full name", "nom complet", "noms et prenoms", "provider", "prestataire"),
    "phone_number": (
        *("phone_number", "phone", "telephone", "tel", "mobile", "number", "numero", "numero de telephone"),
        *("portable", "contact", "whatsapp", "phone no"),
    ),
    "services": ("services", "service", "metier", "metiers", "trade", "trades", "specialite", "specialites"),
    "zones": ("zones", "zone", "quartier", "quartiers", "area", "areas", "neighbourhood", "neighborhood"),
    "language": ("language", "langue", "lang"),
    "email": ("email", "e mail", "mail", "courriel", "adresse email"),
}
COLUMNS: Final = {folded(heading): name for name, headings in HEADINGS.items() for heading in headings}
REQUIRED: Final = ("name", "phone_number")
LISTS: Final = re.compile(r"[|;,/\n]")
LANGUAGES: Final = {
    **dict.fromkeys(("fr", "fra", "francais", "french"), "fr"),
    **dict.fromkeys(("en", "eng", "anglais", "english"), "en"),
    **dict.fromkeys(("pcm", "pidgin", "camfranglais"), "pcm"),
}
MAX_NAME: Final = 120
MAX_EMAIL: Final = 254


class Outcome(TextChoices):
    """What became of a row."""

    CREATED = "created", gettext_lazy("New")
    UPDATED = "updated", gettext_lazy("Changed")
    UNCHANGED = "unchanged", gettext_lazy("Unchanged")
    DUPLICATE = "duplicate", gettext_lazy("Twice in the file")
    REFUSED = "refused", gettext_lazy("Refused")


BAD: Final = frozenset({Outcome.DUPLICATE, Outcome.REFUSED})


@dataclass(slots=True)
class RowReport:
    """One row of the list: `problems` kept it out, `remarks` only want a look."""

    line: int
    name: str = ""
    phone_number: str = ""
    outcome: Outcome = Outcome.UNCHANGED
    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


@dataclass(slots=True)
class ImportReport:
    """All rows, and whether they were stored."""

    rows: list[RowReport]
    stored: bool

    @property
    def bad(self) -> list[RowReport]:
        """Rows that were kept out."""
        return [row for row in self.rows if row.outcome in BAD]

    def count(self, outcome: Outcome) -> int:
        """How many rows ended so."""
        return sum(row.outcome == outcome for row in self.rows)


@dataclass(slots=True)
class _Wanted:
    """What a good row asks for; `None` where its column is missing or its cell empty."""

    facts: dict[str, Any]
    services: set[int] | None
    zones: set[int] | None


def import_file(
    content: bytes, file_name: str, *, dry_run: bool = False, strict: bool = False, activate: bool = False
) -> ImportReport:
    """Take the providers of a CSV or XLSX file, and report on each row.

    A number that we know already changes that provider: its filled cells replace what was there. New ones wait for
    approval, or are active and checked with `activate`. With `strict` one bad row keeps all out; `dry_run` stores
    nothing and reports the same. Raises `UnreadableTable` when the file as a whole makes no sense.
    """
    lines = read_table(content, file_name, COLUMNS)
    for name in REQUIRED:
        if not lines or name not in lines[0].cells:
            raise UnreadableTable(
                _("There must be a column “%(name)s” and at least one line below it.") % {"name": name}
            )
    with transaction.atomic():
        report = _import(lines, activate=activate)
        report.stored = not dry_run and not (strict and report.bad)
        if not report.stored:
            transaction.set_rollback(True)
    return report


def rejected_rows(content: bytes, file_name: str, report: ImportReport) -> Iterator[Sequence[str]]:
    """The file's own rows that were kept out, with the reasons in a first column: to be corrected and read in again.

    Raises `UnreadableTable`.
    """
    reasons = {row.line: " ".join(row.problems) for row in report.bad}
    first, *others = read_rows(content, file_name)
    yield [_("why it was refused"), *first[1]]
    for number, cells in others:
        if number in reasons:
            yield [reasons[number], *cells]


def _import(lines: Sequence[Line], *, activate: bool) -> ImportReport:
    services, zones = service_names(), zone_names()
    reports: list[RowReport] = []
    good: list[tuple[RowReport, _Wanted]] = []
    seen: dict[str, int] = {}
    for line in lines:
        report = RowReport(line.number, line.cells.get("name", ""))
        reports.append(report)
        wanted = _read(line, report, services, zones)
        if report.phone_number in seen:
            report.outcome = Outcome.DUPLICATE
            report.problems.append(_("Same number as line %(line)d.") % {"line": seen[report.phone_number]})
        elif report.problems:
            report.outcome = Outcome.REFUSED
        else:
            good.append((report, wanted))
        if report.phone_number:
            seen.setdefault(report.phone_number, report.line)
    _store(good, activate=activate)
    return ImportReport(reports, stored=True)


def _read(line: Line, report: RowReport, services: Names, zones: Names) -> _Wanted:
    cells = line.cells
    facts: dict[str, Any] = {"name": report.name}
    if not report.name:
        report.problems.append(_("The name is missing."))
    elif len(report.name) > MAX_NAME:
        report.problems.append(_("The name is longer than %(count)d letters.") % {"count": MAX_NAME})
        report.name = report.name[:MAX_NAME]
    try:
        number = normalise(cells.get("phone_number", ""))
    except UnreadableNumber as error:
        report.problems.append(str(error) if cells.get("phone_number") else _("The phone number is missing."))
    else:
        report.phone_number = number.e164
        facts |= {"phone_number": number.e164, "phone_doubtful": number.doubtful}
        if number.doubtful:
            report.remarks.append(_("The number %(number)s is doubtful: call it once.") % {"number": number.e164})
    if email := cells.get("email", ""):
        facts["email"] = email
        if not _is_email(email):
            report.problems.append(_("“%(email)s” is not an email address.") % {"email": email})
    if language := cells.get("language", ""):
        facts["language"] = LANGUAGES.get(folded(language), "")
        if not facts["language"]:
            report.problems.append(_("The language is fr, en or pcm, not “%(text)s”.") % {"text": language})
    found_services = _ids(cells.get("services", ""), services, _("Service"), report)
    found_zones = _ids(cells.get("zones", ""), zones, _("Zone"), report)
    return _Wanted(facts, found_services, found_zones)


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= MAX_EMAIL


def _ids(cell: str, names: Names, label: str, report: RowReport) -> set[int] | None:
    """The ids that a cell lists. A comma or slash may also be part of a name, so the whole is tried first."""
    ids: set[int] = set()
    for part in (part.strip() for part in re.split(r"[|\n]", cell)):
        if not part:
            continue
        whole, _why = names.find(part)
        for name in [part] if whole is not None else filter(None, map(str.strip, LISTS.split(part))):
            found, why = names.find(name)
            if found is None:
                report.problems.append(f"{label}: {why}")
            else:
                ids.add(found)
    return ids or None


def _store(good: Iterable[tuple[RowReport, _Wanted]], *, activate: bool) -> None:
    good = list(good)
    numbers = [report.phone_number for report, _wanted in good]
    stored = Provider.objects.select_for_update(no_key=True).order_by("pk").prefetch_related("services", "zones")
    known = {provider.phone_number: provider for provider in stored.filter(phone_number__in=numbers)}
    namesakes = _namesakes(report.name for report, _wanted in good)
    touched = []
    for report, wanted in good:
        provider = known.get(report.phone_number)
        if provider is None:
            _check_new(report, wanted, namesakes)
        report.outcome = _save(provider, wanted, activate=activate) if not report.problems else Outcome.REFUSED
        if report.outcome in {Outcome.CREATED, Outcome.UPDATED}:
            touched.append(report.phone_number)
    coverage.refresh(Provider.objects.filter(phone_number__in=touched).values_list("pk", flat=True))


def _check_new(report: RowReport, wanted: _Wanted, namesakes: dict[str, str]) -> None:
    if wanted.services is None:
        report.problems.append(_("A new provider needs a service."))
    if wanted.zones is None:
        report.problems.append(_("A new provider needs a zone."))
    if number := namesakes.get(folded(report.name)):
        report.remarks.append(_("The name is known with the number %(number)s: the same person?") % {"number": number})


def _namesakes(names: Iterable[str]) -> dict[str, str]:
    wanted = {folded(name) for name in names}
    everybody = Provider.objects.values_list("name", "phone_number").iterator()
    return {folded(name): number for name, number in everybody if folded(name) in wanted}


def _save(provider: Provider | None, wanted: _Wanted, *, activate: bool) -> Outcome:
    if provider is None:
        status = {"status": ProviderStatus.ACTIVE, "is_verified": True} if activate else {}
        provider = Provider(**wanted.facts, **status)
        # A history of what is new says nothing, and would take three times as long (read by django-simple-history).
        provider.skip_history_when_saving = True  # type: ignore[attr-defined]
        provider.save(force_insert=True)
        provider.services.set(wanted.services or ())
        provider.zones.set(wanted.zones or ())
        return Outcome.CREATED
    changed = {name: value for name, value in wanted.facts.items() if getattr(provider, name) != value}
    for name, value in changed.items():
        setattr(provider, name, value)
    if changed:
        provider.save(update_fields=changed)
    if wanted.services is not None and wanted.services != {service.pk for service in provider.services.all()}:
        provider.services.set(wanted.services)
        changed["services"] = wanted.services
    if wanted.zones is not None and wanted.zones != {zone.pk for zone in provider.zones.all()}:
        provider.zones.set(wanted.zones)
        changed["zones"] = wanted.zones
    return Outcome.UPDATED if changed else Outcome.UNCHANGED
