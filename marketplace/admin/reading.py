"""The page where staff see what a sentence means to the machine and why, and teach it the words that it lacks."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace import vocabulary
from marketplace.models import InboundMessage, VocabularyEntry
from marketplace.understanding import Context, Found, Understanding, understand
from marketplace.understanding.explaining import explain
from marketplace.understanding.folding import fold
from notifications import clock
from providers.models import Service, Zone

if TYPE_CHECKING:
    from .vocabulary import VocabularyAdmin

LONGEST_TEXT: Final = 500  # characters; longer messages are read in full elsewhere, this page is for sentences
LOOKED_THROUGH: Final = 300  # newest messages in which misunderstood ones are sought
SHOWN: Final = 12
UNSURE: Final = 0.6
STATES: Final = (
    ("", gettext_lazy("Nothing in particular")),
    ("offer", gettext_lazy("“Will you take this job?” or “Is this right?”")),
    ("job", gettext_lazy("How is the job going?")),
    ("rating", gettext_lazy("How many stars?")),
)
INTENTS: Final = {
    "request": gettext_lazy("wants a craftsman"),
    "greeting": gettext_lazy("greets"),
    "status": gettext_lazy("asks how it stands"),
    "cancel": gettext_lazy("cancels"),
    "help": gettext_lazy("asks how this works"),
    "stop": gettext_lazy("wants no more messages"),
    "start": gettext_lazy("wants messages again"),
    "language": gettext_lazy("wants another language"),
    "accept": gettext_lazy("says yes"),
    "decline": gettext_lazy("says no"),
    "complete": gettext_lazy("has finished the job"),
    "rating": gettext_lazy("rates the job"),
    "available": gettext_lazy("takes jobs again"),
    "unavailable": gettext_lazy("takes no jobs"),
    "human": gettext_lazy("wants a person, or complains"),
    "thanks": gettext_lazy("thanks"),
    "other": gettext_lazy("something else"),
}
URGENCIES: Final = {
    "unspecified": gettext_lazy("not said"),
    "scheduled": gettext_lazy("at a later time"),
    "today": gettext_lazy("today"),
    "emergency": gettext_lazy("emergency"),
}
LANGUAGES: Final = {
    "fr": gettext_lazy("French"),
    "en": gettext_lazy("English"),
    "pcm": gettext_lazy("Pidgin"),
    "und": gettext_lazy("cannot be told"),
}
TEACHABLE_INTENTS: Final = ("status", "cancel", "help", "human", "thanks", "greeting", "other")


@dataclass(frozen=True)
class Finding:
    """One line of the result: a field, its value in words, how sure (percent), and the words that led to it."""

    field: str
    title: Any
    value: Any
    percent: int
    words: tuple[str, ...]

    @property
    def tenths(self) -> int:
        """Length of the meter, 0 to 10: widths are classes, since the content policy forbids inline styles to be relied on."""
        return round(self.percent / 10)

    @property
    def tone(self) -> str:
        """The colour of the meter."""
        return "" if self.percent >= 100 * UNSURE else "dj-bad"


def page(model_admin: "VocabularyAdmin", request: HttpRequest) -> HttpResponseBase:
    """Show a sentence (`?text=`) or a real message (`?message=<id>`) as the machine reads it."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    text, state = _asked(request)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("What does the machine understand?"),
        "opts": model_admin.opts,
        "media": model_admin.media,
        "text": text,
        "state": state,
        "states": STATES,
        "longest_text": LONGEST_TEXT,
        "may_teach": model_admin.has_add_permission(request),
        "misread": _misread() if request.user.has_perm("marketplace.view_inboundmessage") else [],
        **(_result(text, state) if text else {}),
    }
    return TemplateResponse(request, "admin/marketplace/reading.html", context)


def teach(model_admin: "VocabularyAdmin", request: HttpRequest) -> HttpResponse:
    """Teach the chosen words (`word`) the meaning of the button (`means`, as "service:plomberie"); show the sentence again."""
    if request.method != "POST" or not model_admin.has_add_permission(request):
        raise PermissionDenied
    phrase = " ".join(request.POST.getlist("word"))[:120]
    kind, _sep, value = request.POST.get("means", "").partition(":")
    try:
        entry = vocabulary.teach(text=phrase, **_target(kind, value or request.POST.get(kind, "")))
    except (ValueError, Service.DoesNotExist, Zone.DoesNotExist):
        messages.warning(request, _("Choose one or more words first, then what they mean."))
    else:
        vocabulary.forget()
        model_admin.log_addition(request, entry, [{"added": {}}])
        said = _("“%(phrase)s” is known now, by all workers within %(seconds)d seconds: %(target)s.")
        facts = {"phrase": phrase, "seconds": vocabulary.FRESH_SECONDS, "target": target_of(entry)}
        messages.success(request, said % facts)
    asked = {"text": request.POST.get("text", ""), "state": request.POST.get("state", "")}
    return redirect(f"{reverse('admin:marketplace_vocabularyentry_read')}?{urlencode(asked)}")


def target_of(entry: VocabularyEntry) -> str:
    """What an entry means, in words."""
    if entry.service:
        return str(entry.service)
    if entry.zone:
        return str(entry.zone)
    names: dict[str, Any] = {**INTENTS, **URGENCIES}
    return str(names.get(entry.value, entry.value))


def _target(kind: str, value: str) -> dict[str, Any]:
    """Arguments of `vocabulary.teach` for one button. Raises `ValueError` for what no button says."""
    if kind == "service":
        return {"kind": VocabularyEntry.Kind.SYMPTOM, "service": Service.objects.get(slug=value)}
    if kind == "zone":
        return {"kind": VocabularyEntry.Kind.ZONE_ALIAS, "zone": Zone.objects.get(slug=value)}
    if kind == "urgency" and value in URGENCIES:
        return {"kind": VocabularyEntry.Kind.URGENCY, "value": value}
    if kind == "intent" and value in TEACHABLE_INTENTS:
        return {"kind": VocabularyEntry.Kind.INTENT, "value": value}
    raise ValueError(f"{kind}:{value} cannot be taught.")


def _asked(request: HttpRequest) -> tuple[str, str]:
    """The sentence and the dialogue's state."""
    state = request.GET.get("state", "")
    state = state if state in {value for value, _label in STATES} else ""
    number = request.GET.get("message", "")
    if number.isdecimal() and len(number) < 19 and request.user.has_perm("marketplace.view_inboundmessage"):  # noqa: PLR2004  # a bigint's digits
        body = InboundMessage.objects.filter(pk=int(number)).values_list("body", flat=True).first()
        return (body or "")[:LONGEST_TEXT], state
    return request.GET.get("text", "").replace("\x00", "").strip()[:LONGEST_TEXT], state


def _result(text: str, state: str) -> dict[str, Any]:
    words = vocabulary.current_vocabulary()
    known = understand(text, Context(words, state=state, at=timezone.localtime(clock.now())))
    pieces = explain(text, known, words)
    return {
        "known": known,
        "findings": _findings(known),
        "pieces": pieces,
        "entries": _entries(known),
        "services": Service.objects.order_by("name_fr"),
        "zones": Zone.objects.select_related("city").order_by("city__name", "name"),
        "urgencies": URGENCIES.items(),
        "intents": [(value, INTENTS[value]) for value in TEACHABLE_INTENTS],
    }


def _findings(known: Understanding) -> list[Finding]:
    services = dict(Service.objects.values_list("slug", "name_fr"))
    zones = dict(Zone.objects.values_list("slug", "name"))
    found = [_finding("intent", _("The person"), INTENTS, known.intent)]
    found += [_finding("service", _("Trade"), services, each) for each in known.services]
    found += [_finding("zone", _("Quarter"), zones, each) for each in known.zones]
    found.append(_finding("urgency", _("Urgency"), URGENCIES, known.urgency))
    if known.schedule:
        when = known.schedule
        dated = f"{timezone.localtime(when.starts_at):%d/%m %H:%M}" if when.starts_at else when.words
        until = f" - {timezone.localtime(when.ends_at):%d/%m %H:%M}" if when.ends_at else ""
        found.append(Finding("time", _("Time"), dated + until, round(100 * when.confidence), (when.words,)))
    found.append(_finding("language", _("Language"), LANGUAGES, known.language))
    return found


def _finding(field: str, title: Any, names: Any, found: Found) -> Finding:
    return Finding(field, title, names.get(found.value, found.value), round(100 * found.confidence), found.evidence)


def _entries(known: Understanding) -> list[VocabularyEntry]:
    """Rows of the vocabulary that took part."""
    phrases = {fold(words) for found in (*known.services, *known.zones, known.intent) for words in found.evidence}
    rows = VocabularyEntry.objects.in_use().filter(folded__in=phrases).select_related("service", "zone")
    chosen = {found.value for found in (*known.services, *known.zones, known.intent)}
    return [
        row for row in rows if {row.value, getattr(row.service, "slug", ""), getattr(row.zone, "slug", "")} & chosen
    ]


def _misread() -> list[InboundMessage]:
    """Newest messages that led nowhere: worth a look, and perhaps a word."""
    rows: dict[str, InboundMessage] = {}
    for row in InboundMessage.objects.only("body", "understood", "received_at").order_by("-pk")[:LOOKED_THROUGH]:
        heard = row.understood
        led_nowhere = heard.get("intent") == "other" or (
            heard.get("intent") == "request" and not any(heard.get(name) for name in ("services", "zones", "choice"))
        )
        if led_nowhere and fold(row.body):
            rows.setdefault(fold(row.body), row)
    return list(rows.values())[:SHOWN]
