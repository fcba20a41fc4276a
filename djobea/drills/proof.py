"""Was anything lost? Every message that a drill put in, and every message that somebody wrote, is accounted for."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from django.db.models import Q
from django.utils.translation import gettext as _

from djobea.drills.twilio import SimulatedTwilio
from marketplace.models import InboundMessage
from marketplace.models.conversation import InboundStatus
from notifications.models import Attempt, Notification, Status, WaitingFor

WENT: Final = (Status.SENT, Status.DELIVERED, Status.READ)
ON_THE_WAY: Final = (Status.QUEUED, Status.SENDING, Status.UNCONFIRMED)


def unsettled(ids: Iterable[int]) -> int:
    """How many of these messages still wait for something that time brings."""
    return Notification.objects.filter(pk__in=list(ids), status__in=ON_THE_WAY).count()


def is_busy(at: datetime) -> bool:
    """Whether a worker has something to do right now, so that time must not jump."""
    ripe = Q(status=Status.QUEUED, due_at__lte=at, waiting_for__in=[WaitingFor.NOTHING, WaitingFor.RETRY])
    leaving = Q(status=Status.SENDING) | Q(status=Status.UNCONFIRMED, due_at__lte=at)
    unread = InboundMessage.objects.filter(status__in=[InboundStatus.RECEIVED, InboundStatus.PROCESSING])
    return Notification.objects.filter(ripe | leaving).exists() or unread.exists()


def losses(sent: Iterable[int], written: Iterable[str], twilio: SimulatedTwilio) -> Iterator[str]:
    """What is lost or unaccounted for, one sentence each; nothing, if all is well."""
    sent = list(sent)
    rows = Notification.objects.in_bulk(sent)
    sids = set(
        Attempt.objects.filter(notification__in=sent, provider_sid__isnull=False).values_list("provider_sid", flat=True)
    )
    there = {str(sid) for sid in twilio.has({str(sid) for sid in sids})}
    by_row: dict[int, set[str]] = {}
    for pk, sid in Attempt.objects.filter(notification__in=sent).values_list("notification", "provider_sid"):
        by_row.setdefault(pk, set()).add(str(sid))
    for pk in sent:
        row = rows.get(pk)
        facts = {"row": pk, "status": row.get_status_display() if row else ""}
        if row is None:
            yield _("message %(row)d is gone from the queue") % facts
        elif row.status == Status.QUEUED and row.waiting_for == WaitingFor.BUDGET:
            continue  # its turn has a known time, staff have an alert, and the report counts it as queued
        elif row.status in ON_THE_WAY:
            yield _("message %(row)d is still on its way (%(status)s)") % facts
        elif row.status == Status.DEAD and row.alert_id is None:
            yield _("message %(row)d is dead, and no alert tells of it") % facts
        elif row.status in WENT and row.channel != "email" and not by_row.get(pk, set()) & there:
            yield _("message %(row)d counts as %(status)s, but Twilio never had it") % facts
    known = dict(InboundMessage.objects.filter(message_sid__in=list(written)).values_list("message_sid", "status"))
    for sid in written:
        if known.get(sid) != InboundStatus.PROCESSED:
            yield _("what a person wrote was not answered: %(sid)s (%(status)s)") % {
                "sid": sid,
                "status": known.get(sid, "-"),
            }
