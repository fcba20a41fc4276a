"""Channels and the Twilio accounts behind them: their state, why, since when, and the remedy."""

from datetime import datetime
from functools import partial
from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications import channel_health, clock, configuration, outbox, playbook, probing, staff_actions, throttling
from notifications.failure_policy import failure_for
from notifications.models import Account, Channel, ChannelName, OnCallPerson, StaffAction, StaffDeed

from .acting import OF_CHANNELS, ReasonForm, ask, foreseen_facts
from .base import ConsoleAdmin, Deed, NeitherAddedNorDeletedMixin, WithHistory, badge, time_of

TEST_PURPOSES: Final = {
    ChannelName.WHATSAPP: "test_whatsapp",
    ChannelName.SMS: "test_sms",
    ChannelName.EMAIL: "test_email",
}


def _probe(channel: Channel, _user: Any, at: datetime) -> str:
    is_right, answer = probing.probe(channel)
    probing.note_probe(channel, is_right, answer, at=at)
    return answer


def _write_to_me(channel: Channel, user: Any, at: datetime) -> str:
    """A message through this channel to the person who asks, at the address that the on-call list has of them."""
    person = OnCallPerson.objects.filter(user=user).first()
    number = person.phone_number if person else ""
    mail = (person.email if person else "") or user.email
    facts = {"email": mail} if channel.name == ChannelName.EMAIL else {"phone_number": number or ""}
    address = next(iter(facts.values()))
    if not address:
        return _("Nothing was sent: the on-call people have no address of yours for this channel.")
    with transaction.atomic():
        message = outbox.enqueue(
            purpose=TEST_PURPOSES[ChannelName(channel.name)],
            body=_("A test of the channel %(name)s, asked for by %(who)s.") % {"name": channel.name, "who": user},
            subject=_("[Djobea] A test"),
            reference=f"channel:{channel.name}",
            at=at,
            **facts,
        )
    return _("Message %(id)d to %(address)s is in the queue: its page tells what becomes of it.") % {
        "id": message.pk,
        "address": address,
    }


def _address(deed: str, channel: Channel) -> str:
    return reverse("admin:notifications_channel_act", args=[channel.pk, deed])


@admin.register(Channel)
class ChannelAdmin(NeitherAddedNorDeletedMixin, WithHistory, ConsoleAdmin[Channel]):
    """Senders come from the settings; only the speed is set here."""

    tells_time = True
    list_display = ["name", "state", "sender", "account", "per_second", "paused_at", "probed_at", "probe_answer"]
    list_select_related = ["account"]
    story_template = "admin/notifications/channel.html"
    editable = ("per_second", "failure_share")
    deeds = [
        Deed("probe", gettext_lazy("Test now"), _probe, lambda row, _at: row.is_configured),
        Deed(
            "test",
            gettext_lazy("Test message to me"),
            _write_to_me,
            lambda row, _at: row.is_configured and row.name in TEST_PURPOSES,
        ),
        Deed(
            "resume",
            gettext_lazy("Let it send again"),
            fits=lambda row, at: row.is_paused(at),
            is_main=True,
            leads_to=partial(_address, StaffDeed.RESUME),
        ),
        Deed(
            "pause",
            gettext_lazy("Pause"),
            fits=lambda row, at: row.is_configured and not row.is_paused(at),
            leads_to=partial(_address, StaffDeed.PAUSE),
        ),
    ]
    fieldsets = [
        (gettext_lazy("Limits"), {"fields": ["per_second", "slowed_until", "failure_share"]}),
        (
            gettext_lazy("Facts"),
            {
                "fields": [
                    *("name", "account", "sender", "is_configured", "paused_at", "paused_until", "pause_code"),
                    *("pause_reason", "is_half_open", "probed_at", "probe_answer"),
                ]
            },
        ),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:  # noqa: ARG002  Django's
        return [field.name for field in Channel._meta.fields if field.name not in self.editable]  # noqa: SLF001  public

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.act_view)
        playbook_view = self.admin_site.admin_view(self.playbook_view)
        return [
            path("playbook/", playbook_view, name="notifications_channel_playbook"),
            path("<int:pk>/act/<slug:deed>/", view, name="notifications_channel_act"),
            *super().get_urls(),
        ]

    def playbook_view(self, request: HttpRequest) -> HttpResponse:
        """Each setting of the channels and what is wrong with it; on POST Twilio is asked too."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        may_ask = self.has_handle_permission(request)
        parts = [(_("In our settings"), playbook.of_settings())]
        if request.method == "POST":
            if not may_ask:
                raise PermissionDenied
            parts.append((_("Twilio's answers"), playbook.of_twilio()))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Playbook of the channels"),
            "parts": parts,
            "may_ask": may_ask,
        }
        return render(request, "admin/notifications/playbook.html", context)

    def act_view(self, request: HttpRequest, pk: int, deed: str) -> HttpResponse:
        """Show what waits on the channel, ask why, and on POST hold it or let it send."""
        channel = get_object_or_404(Channel, pk=pk)
        if not self.has_handle_permission(request):
            raise PermissionDenied
        if deed not in (StaffDeed.PAUSE, StaffDeed.RESUME):
            raise Http404
        at, form = clock.now(), ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            facts: dict[str, Any] = {"by": request.user.get_username(), "why": form.cleaned_data["why"], "at": at}
            if deed == StaffDeed.PAUSE:
                done, said = (
                    staff_actions.pause_channel(channel.name, **facts),
                    _("The channel is paused: its messages wait."),
                )
            else:
                done, said = staff_actions.resume_channel(channel.name, **facts), _("The channel sends again.")
            if done:
                messages.success(request, said)
            else:
                messages.warning(request, _("Nothing changed: somebody or something was faster."))
            return redirect(self.address_of(channel))
        facts = foreseen_facts(deed, staff_actions.foresee_channel(channel.name, at=at), at)
        return ask(
            self, request, **facts, form=form, title=facts["deed_label"], what=channel.name,
            back=self.address_of(channel), may_do=True,
        )  # fmt: skip

    def story(self, row: Channel, at: datetime) -> dict[str, Any]:
        failed, total = channel_health.failures_of(row, at)
        findings = configuration.findings_of(row.name)
        account = row.account
        return {
            "channel": row,
            "is_paused": row.is_paused(at),
            "by_staff": row.pause_code == channel_health.STAFF,
            "failure": failure_for(row.pause_code) if row.is_paused(at) else None,
            "findings": findings,
            "account": account,
            "speed": throttling.speed(row, at),
            "failed": failed,
            "total": total,
            "failed_share": round(100 * failed / total) if total else 0,
            "used": throttling.used_slots(account, at) if account else None,
            "done_by_hand": list(
                StaffAction.objects.filter(channel=row.name, deed__in=OF_CHANNELS).order_by("-pk")[:5]
            ),
            "next_slot": throttling.next_free_slot(account, at=at) if account else None,
        }

    @admin.display(description=gettext_lazy("state"))
    def state(self, row: Channel) -> str:
        if not row.is_configured:
            return badge(_("not set up"), "quiet")
        if row.is_paused(time_of(row)):
            return badge(_("paused (%(code)s)") % {"code": row.pause_code}, "bad")
        return badge(_("half-open"), "wait") if row.is_half_open else badge(_("open"), "good")


@admin.register(Account)
class AccountAdmin(NeitherAddedNorDeletedMixin, WithHistory, ConsoleAdmin[Account]):
    tells_time = True
    list_display = ["short_sid", "daily_limit", "used_today", "urgent_share", "paused_until", "pause_code"]
    fields = ["short_sid", "daily_limit", "used_today", "urgent_share", "paused_until", "pause_code"]
    readonly_fields = ["short_sid", "used_today", "paused_until", "pause_code"]

    def save_model(self, request: HttpRequest, obj: Account, form: ModelForm[Any], change: Any) -> None:
        if "daily_limit" in form.changed_data:
            obj.limit_since = clock.now()
        super().save_model(request, obj, form, change)

    @admin.display(description=gettext_lazy("account"))
    def short_sid(self, row: Account) -> str:
        return str(row)

    @admin.display(description=gettext_lazy("used in 24 hours"))
    def used_today(self, row: Account) -> int:
        return throttling.used_slots(row, time_of(row))
