"""Actions on messages: a page that shows the dry run and asks once for a reason; the answer in counts."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.widgets import UnfoldAdminTextInputWidget

from notifications import clock, staff_actions
from notifications.failure_policy import describe
from notifications.models import (
    ActionStatus,
    ChannelName,
    Notification,
    Priority,
    StaffAction,
    StaffDeed,
    Status,
    WaitingFor,
)
from notifications.staff_actions import Fate, Forecast, Selection

from .base import ConsoleAdmin, filter_of
from .story import purpose_label

LIST: Final = "admin:notifications_notification_changelist"
# Parameter of the list -> criterion of a selection; whatever is in neither table is refused, not ignored.
PARAMETERS: Final = {
    "status__exact": "status",
    "channel": "channel",
    "purpose": "purpose",
    "last_error_code": "last_error_code",
    "priority__exact": "priority",
    "waiting_for__exact": "waiting_for",
    "possible_duplicate__exact": "possible_duplicate",
}
OWN: Final = ("ids", "scope", "to", "row", "list")  # parameters of the page that asks
LOOKS: Final = ("o", "p")  # how the list is shown: order and page
MAY_BE_EMPTY: Final = ("waiting_for",)
CRITERION_NAMES: Final[dict[str, Promise]] = {
    "status": gettext_lazy("status"),
    "channel": gettext_lazy("channel"),
    "purpose": gettext_lazy("purpose"),
    "last_error_code": gettext_lazy("last error"),
    "priority": gettext_lazy("priority"),
    "waiting_for": gettext_lazy("waits for"),
    "possible_duplicate": gettext_lazy("possible duplicate"),
}
VALUE_NAMES: Final[dict[str, Callable[[str], Any]]] = {
    "status": lambda value: Status(value).label,
    "channel": lambda value: dict(ChannelName.choices).get(value, value),
    "purpose": purpose_label,
    "last_error_code": describe,
    "priority": lambda value: Priority(int(value)).label,
    "waiting_for": lambda value: WaitingFor(value).label,
    "possible_duplicate": lambda value: _("yes") if value == "1" else _("no"),
}
REASONS: Final = (
    gettext_lazy("The cause is mended"),
    gettext_lazy("The person asked for it"),
    gettext_lazy("The address was corrected"),
    gettext_lazy("Sent by mistake"),
)
REASONS_TO_EXPORT: Final = (
    gettext_lazy("For the monthly report"),
    gettext_lazy("To look into a complaint"),
    gettext_lazy("For the accounts"),
)
OTHER_CHANNELS: Final = (ChannelName.WHATSAPP, ChannelName.SMS, ChannelName.EMAIL)
OF_CHANNELS: Final = (StaffDeed.PAUSE, StaffDeed.RESUME)
ICONS: Final = {
    StaffDeed.RETRY: "send",
    StaffDeed.EDIT: "edit",
    StaffDeed.MOVE: "alt_route",
    StaffDeed.CANCEL: "undo",
    StaffDeed.PAUSE: "pause",
    StaffDeed.RESUME: "play_arrow",
}


class ReasonForm(forms.Form):
    """Why; with ready answers to choose from."""

    why = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        widget=UnfoldAdminTextInputWidget(attrs={"list": "reasons", "autocomplete": "off"}),
    )
    expected = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)


def selection_of(query: QueryDict) -> Selection:
    """The messages that the address of an asking page names: `ids`, or with `scope=all` all that the filter shows.

    Raises `ValueError` where a filter cannot be told, and `Http404` where the address names no messages at all.
    """
    if ids := query.get("ids", ""):
        return Selection.of(int(number) for number in ids.split(",")[:1000])
    if query.get("scope") != "all":
        raise Http404
    criteria: dict[str, str] = {}
    for name, values in query.lists():
        if name in (*OWN, *LOOKS, "q"):
            continue
        if name not in PARAMETERS or len(values) > 1:
            raise ValueError(name)
        if values[0] or PARAMETERS[name] in MAY_BE_EMPTY:
            criteria[PARAMETERS[name]] = values[0]
    return Selection.where(search=query.get("q", ""), **criteria)


def address_of(selection: Selection) -> str:
    """The list that shows a selection."""
    if selection.ids is not None:
        return f"{reverse(LIST)}?q=%23{selection.ids[0]}" if len(selection.ids) == 1 else ""
    names = {criterion: parameter for parameter, criterion in PARAMETERS.items()}
    query = {names[name]: value for name, value in selection.criteria.items()}
    return f"{reverse(LIST)}?{urlencode(query | ({'q': selection.search} if selection.search else {}))}"


def words_of(selection: Selection) -> str:
    """A selection as people say it."""
    if selection.ids is not None:
        return ngettext("%d chosen message", "%d chosen messages", len(selection.ids)) % len(selection.ids)
    parts = [f"{CRITERION_NAMES[name]}: {VALUE_NAMES[name](value)}" for name, value in selection.criteria.items()]
    parts += [_("search: %s") % selection.search] if selection.search else []
    return _("everything that matches: %s") % " · ".join(parts) if parts else _("every message")


def reasons_of(skipped: dict[Any, int]) -> list[tuple[Any, int]]:
    """Why messages are left as they are, in words, the most frequent first."""
    labels = {fate.value: fate.label for fate in Fate}
    return [(labels.get(str(reason), reason), count) for reason, count in sorted(skipped.items(), key=lambda e: -e[1])]


def answer_of(action: StaffAction) -> str:
    """What an action did, in one sentence a count, with a link to its trace."""
    said = ngettext("%d message done.", "%d messages done.", action.done_count) % action.done_count
    if skipped := action.skipped_count:
        why = ", ".join(f"{reason}: {count}" for reason, count in reasons_of(action.skipped))
        said += " " + ngettext("%d left as it was", "%d left as they were", skipped) % skipped + f" ({why})."
    if action.status == ActionStatus.RUNNING:
        said += " " + _("The worker goes on with the rest.")
    link = reverse("admin:notifications_staffaction_change", args=[action.pk])
    answer: SafeString = format_html('{} <a class="underline" href="{}">{}</a>', said, link, _("Look at the action"))
    return answer


def ask(console: ConsoleAdmin[Any], request: HttpRequest, **facts: Any) -> HttpResponse:
    """Show the page that asks; `facts` are its context."""
    context = {
        **console.admin_site.each_context(request),
        "opts": console.opts,
        "reasons": REASONS,
        **facts,
    }
    return render(request, "admin/notifications/confirm.html", context)


def foreseen_facts(deed: str, forecast: Forecast, at: datetime) -> dict[str, Any]:
    """A dry run as the page shows it."""
    return {
        "deed": deed,
        "deed_label": StaffDeed(deed).label,
        "icon": ICONS[StaffDeed(deed)],
        "forecast": forecast,
        "waiting": forecast.goes - forecast.now if deed != StaffDeed.CANCEL else 0,
        "skipped": reasons_of(dict(forecast.skipped)),
        "skipped_count": forecast.matched - forecast.goes,
        "streams": [
            (dict(ChannelName.choices).get(each.channel, each.channel), each, _is_soon(each.ends_at, at))
            for each in forecast.streams
        ],
        "sends": deed != StaffDeed.CANCEL,
        "at": at,
    }


def _is_soon(ends_at: datetime | None, at: datetime) -> bool:
    return ends_at is not None and ends_at - at < timedelta(minutes=1)


class ActsOnMessages(ConsoleAdmin[Notification]):
    """The pages `act/<deed>/` of the queue, and the actions of its list that lead there."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.act_view)
        return [path("act/<slug:deed>/", view, name="notifications_notification_act"), *super().get_urls()]

    def lead_to(self, request: HttpRequest, deed: str) -> HttpResponseRedirect:
        """From the list's form to the page that asks before `deed`."""
        return self.lead_to_page(request, "admin:notifications_notification_act", deed)

    def lead_to_page(self, request: HttpRequest, name: str, *args: str) -> HttpResponseRedirect:
        """To a page that asks, by the name of its address: the chosen rows, or all that match the filter."""
        query = request.GET.copy()
        if request.POST.get("select_across") == "1":
            query["scope"] = "all"
        else:
            query["ids"] = ",".join(request.POST.getlist("_selected_action"))
        return redirect(f"{reverse(name, args=args)}?{query.urlencode()}")

    def act_view(self, request: HttpRequest, deed: str) -> HttpResponse:
        """Show what `deed` would do, and on POST do it."""
        if not self.has_handle_permission(request):
            raise PermissionDenied
        if deed not in (StaffDeed.RETRY, StaffDeed.MOVE, StaffDeed.CANCEL):
            raise Http404
        try:
            selection = selection_of(request.GET)
        except ValueError as error:
            messages.error(request, _("This filter cannot be acted on as a whole: %s") % error)
            return redirect(self.back_address(request))
        at, channel = clock.now(), _target(deed, request)
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            facts: dict[str, Any] = {"by": request.user.get_username(), "why": form.cleaned_data["why"], "at": at}
            action = _do(deed, selection, channel, facts | {"expected": form.cleaned_data["expected"]})
            messages.add_message(
                request, messages.SUCCESS if action.done_count else messages.WARNING, answer_of(action)
            )
            return redirect(self.back_address(request))
        forecast = staff_actions.foresee(deed, selection, at=at, channel=channel)
        form.initial["expected"] = forecast.goes
        facts = foreseen_facts(deed, forecast, at)
        return ask(
            self,
            request,
            **facts,
            form=form,
            title=facts["deed_label"],
            what=words_of(selection),
            back=self.back_address(request),
            targets=_targets(request, channel) if deed == StaffDeed.MOVE else [],
        )

    def back_address(self, request: HttpRequest) -> str:
        """Where the person came from: the message's page, or the list with its filter."""
        if (row := request.GET.get("row", "")).isdecimal():
            return reverse("admin:notifications_notification_change", args=[row])
        query = request.GET.copy()
        for name in OWN:
            query.pop(name, None)
        return f"{reverse(LIST)}?{query.urlencode()}" if query else reverse(LIST)


def _target(deed: str, request: HttpRequest) -> str:
    if deed != StaffDeed.MOVE:
        return ""
    chosen = request.GET.get("to", ChannelName.SMS)
    if chosen not in ChannelName.values:
        raise Http404
    return chosen


def _targets(request: HttpRequest, chosen: str) -> list[tuple[str, str, bool]]:
    """(address, name, is chosen) of the channels that messages may be moved to."""
    links = []
    for name in OTHER_CHANNELS:
        query = request.GET.copy()
        query["to"] = name
        links.append((f"?{query.urlencode()}", str(name.label), name == chosen))
    return links


def _do(deed: str, selection: Selection, channel: str, facts: dict[str, Any]) -> StaffAction:
    if deed == StaffDeed.MOVE:
        return staff_actions.move(selection, channel, **facts)
    return (
        staff_actions.retry(selection, **facts) if deed == StaffDeed.RETRY else staff_actions.cancel(selection, **facts)
    )


def act_address(deed: str, row: Notification) -> str:
    """The page that asks before `deed` is done with one message."""
    return f"{reverse('admin:notifications_notification_act', args=[deed])}?ids={row.pk}&{way_back(row)}"


def way_back(row: Notification) -> str:
    """What tells a page that asks whence one came: the list with its filter, else the message's own page."""
    query = filter_of(row)
    return f"row={row.pk}" if query is None else f"list=1&{query}".rstrip("&")
