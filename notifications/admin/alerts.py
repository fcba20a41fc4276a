"""Alerts: read the cause, apply the remedy, take them over, end them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib import admin, messages
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from notifications import chains, clock, escalation, remedies
from notifications.models import AlertState, EscalationAlert, Notification, Severity
from notifications.remedies import Remedy

from .base import ConsoleAdmin, Deed, NeitherAddedNorDeletedMixin, badge, moment, time_of

STATE_TONES: Final = {AlertState.OPEN: "bad", AlertState.ACKNOWLEDGED: "busy", AlertState.RESOLVED: "good"}
SEVERITY_TONES: Final = {Severity.WARNING: "wait", Severity.ERROR: "bad", Severity.CRITICAL: "bad"}
AFFECTED: Final = 20
AN_HOUR: Final = timedelta(hours=1)
MORNING: Final = 7


def _acknowledge(alert: EscalationAlert, user: Any, at: datetime) -> str:
    return _("You take care of this alert.") if escalation.acknowledge(alert, by=user, at=at) else ""


def _resolve(alert: EscalationAlert, user: Any, at: datetime) -> str:
    done = escalation.resolve(alert.fingerprint, by=user.get_username(), at=at)
    return _("The alert is resolved.") if done else ""


def _reopen(alert: EscalationAlert, _user: Any, at: datetime) -> str:
    return _("The alert is open again.") if escalation.reopen(alert, at=at) else ""


def _snooze(alert: EscalationAlert, _user: Any, at: datetime) -> str:
    return _("Nobody is disturbed by it for an hour.") if escalation.snooze(alert, until=at + AN_HOUR) else ""


def _snooze_till_morning(alert: EscalationAlert, _user: Any, at: datetime) -> str:
    here = timezone.localtime(at)
    morning = here.replace(hour=MORNING, minute=0, second=0, microsecond=0)
    until = morning if here < morning else morning + timedelta(days=1)
    return _("Nobody is disturbed by it until tomorrow morning.") if escalation.snooze(alert, until=until) else ""


def _take_over(alert: EscalationAlert, user: Any, at: datetime) -> str:
    return _("You take care of this alert now.") if escalation.hand_over(alert, to=user, at=at) else ""


def _as_deed(remedy: Remedy) -> Deed:
    return Deed(f"remedy-{remedy.name}", remedy.label, lambda row, user, at: remedy.do(row, user.get_username(), at))


def _to(address: str) -> Callable[[EscalationAlert], str]:
    return lambda _row: address


class UnresolvedFilter(admin.SimpleListFilter):
    """The list begins with what still needs somebody."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, Any]]:  # noqa: ARG002  Django's
        return [*AlertState.choices, ("all", gettext_lazy("All"))]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        return iter([{**first, "display": gettext_lazy("Unresolved")}, *others])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002  Django's
        if self.value() == "all":
            return queryset
        return queryset.filter(state=self.value()) if self.value() else queryset.exclude(state=AlertState.RESOLVED)


@admin.register(EscalationAlert)
class AlertAdmin(NeitherAddedNorDeletedMixin, ConsoleAdmin[EscalationAlert]):
    """Only the notes are a person's to write; the states move by the buttons."""

    tells_time = True
    list_display = ["what", "level", "where", "occurrences", "affected", "age", "last_seen", "owner"]
    list_filter = [UnresolvedFilter, "severity"]
    list_select_related = ["owner"]
    search_fields = ["title", "fingerprint", "reference"]
    actions = ["acknowledge", "resolve"]
    story_template = "admin/notifications/alert.html"
    deeds = [
        Deed(
            "acknowledge",
            gettext_lazy("I take care of it"),
            _acknowledge,
            lambda row, _at: row.state == AlertState.OPEN,
            is_main=True,
        ),
        Deed("resolve", gettext_lazy("Resolved"), _resolve, lambda row, _at: row.state != AlertState.RESOLVED),
        Deed(
            "take_over",
            gettext_lazy("Take it over"),
            _take_over,
            lambda row, _at: row.state == AlertState.ACKNOWLEDGED,
        ),
        Deed(
            "snooze",
            gettext_lazy("Rest for an hour"),
            _snooze,
            lambda row, at: row.state == AlertState.OPEN and not (row.snoozed_until and row.snoozed_until > at),
        ),
        Deed(
            "snooze_till_morning",
            gettext_lazy("Rest until the morning"),
            _snooze_till_morning,
            lambda row, at: row.state == AlertState.OPEN and not (row.snoozed_until and row.snoozed_until > at),
        ),
        Deed("reopen", gettext_lazy("Give it back"), _reopen, lambda row, _at: row.state == AlertState.ACKNOWLEDGED),
    ]
    fieldsets = [
        (gettext_lazy("Notes"), {"fields": ["notes"]}),
        (
            gettext_lazy("Facts"),
            {
                "fields": [
                    *("fingerprint", "severity", "state", "occurrences", "reference", "first_seen_at", "last_seen_at"),
                    *("code", "acknowledged_at", "acknowledged_until", "owner", "snoozed_until"),
                    *("resolved_at", "resolved_by"),
                ]
            },
        ),
    ]

    def deeds_of(self, row: EscalationAlert) -> list[Deed]:
        """What fits every alert, after what fits this one alone: the remedies and ways that the apps offer for it."""
        remedies_of = [_as_deed(remedy) for remedy in remedies.remedies_for(row)]
        leads = [Deed(lead.name, lead.label, leads_to=_to(address)) for lead, address in remedies.leads_from(row)]
        return [*remedies_of, *leads, *self.deeds]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:  # noqa: ARG002  Django's
        return [field.name for field in EscalationAlert._meta.fields if field.name != "notes"]  # noqa: SLF001  public

    def story(self, row: EscalationAlert, at: datetime) -> dict[str, Any]:
        return {
            "alert": row,
            "state_tone": STATE_TONES[AlertState(row.state)],
            "severity_tone": SEVERITY_TONES[Severity(row.severity)],
            "chain": list(row.chain.select_related("person")),
            "quiet_until": chains.quiet_until(row, at),
            "affected": list(row.dead_letters.order_by("-pk")[:AFFECTED]),
        }

    @admin.display(description=gettext_lazy("alert"), ordering="title")
    def what(self, row: EscalationAlert) -> str:
        return format_html('<b>{}</b><br><span class="dj-soft dj-clip">{}</span>', row.title, row.remedy)

    def get_queryset(self, request: HttpRequest) -> QuerySet[EscalationAlert]:
        """With how many dead letters point to each, counted for the rows of the page alone."""
        dead = Notification.objects.filter(alert=OuterRef("pk")).order_by().values("alert")
        many = Subquery(dead.annotate(many=Count("pk")).values("many"), output_field=IntegerField())
        return super().get_queryset(request).annotate(dead=many)

    @admin.display(description=gettext_lazy("affected messages"))
    def affected(self, row: EscalationAlert) -> str:
        many = vars(row).get("dead") or 0
        link = reverse("admin:notifications_escalationalert_change", args=[row.pk])
        return format_html('<a class="dj-link" href="{}">{}</a>', link, many) if many else "-"

    @admin.display(description=gettext_lazy("age"), ordering="first_seen_at")
    def age(self, row: EscalationAlert) -> str:
        return timesince(row.first_seen_at, row.resolved_at or time_of(row), depth=1)

    @admin.display(description=gettext_lazy("last seen"), ordering="last_seen_at")
    def last_seen(self, row: EscalationAlert) -> str:
        return moment(row.last_seen_at)

    @admin.display(description=gettext_lazy("severity"), ordering="severity")
    def level(self, row: EscalationAlert) -> str:
        return badge(row.get_severity_display(), SEVERITY_TONES[Severity(row.severity)])

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def where(self, row: EscalationAlert) -> str:
        return badge(row.get_state_display(), STATE_TONES[AlertState(row.state)])

    @admin.action(description=gettext_lazy("I take care of them"), permissions=["handle"])
    def acknowledge(self, request: HttpRequest, queryset: QuerySet[EscalationAlert]) -> None:
        self._each(request, queryset, _acknowledge)

    @admin.action(description=gettext_lazy("Resolved"), permissions=["handle"])
    def resolve(self, request: HttpRequest, queryset: QuerySet[EscalationAlert]) -> None:
        self._each(request, queryset, _resolve)

    def _each(
        self,
        request: HttpRequest,
        queryset: QuerySet[EscalationAlert],
        do: Callable[[EscalationAlert, Any, datetime], str],
    ) -> None:
        at = clock.now()
        changed = [alert for alert in queryset if do(alert, request.user, at)]
        for alert in changed:
            self.log_change(request, alert, do.__name__.strip("_"))
        said = ngettext("%d alert changed.", "%d alerts changed.", len(changed)) % len(changed)
        self.message_user(request, said, messages.SUCCESS if changed else messages.WARNING)
