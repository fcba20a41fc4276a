"""What the marketplace forgets by itself. `purge` runs the list of each app.

Requests, offers, jobs and ratings stay for ever, as counts do; what people said in them goes. Messages that nobody
could answer stay whole, as dead letters do.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from marketplace import forgetting
from marketplace.models import (
    ActionLink,
    Application,
    ApplicationStatus,
    Conversation,
    InboundMessage,
    InboundStatus,
    MatchRun,
    RequestStatus,
)
from notifications.ageing import Kind

ENDED: Final = (RequestStatus.DONE, RequestStatus.CANCELLED, RequestStatus.EXPIRED)


def _inbound_text(before: datetime) -> QuerySet[Any]:
    done = forgetting.inbound_with_words().filter(status=InboundStatus.PROCESSED, received_at__lt=before)
    return done.annotate(aged_at=F("received_at"))


def _inbound_rows(before: datetime) -> QuerySet[Any]:
    done = InboundMessage.objects.filter(status=InboundStatus.PROCESSED, received_at__lt=before)
    return done.annotate(aged_at=F("received_at"))


def _talks(before: datetime) -> QuerySet[Any]:
    closed = Conversation.objects.filter(is_open=False, closed_at__lt=before).exclude(slots={})
    return closed.annotate(aged_at=F("closed_at"))


def _requests(before: datetime) -> QuerySet[Any]:
    ended = forgetting.requests_with_words().filter(status__in=ENDED, created_at__lt=before)
    return ended.annotate(aged_at=F("created_at"))


def _match_runs(before: datetime) -> QuerySet[Any]:
    full = MatchRun.objects.exclude(chosen=[], near_misses=[], need={})
    ended = full.filter(request__status__in=ENDED, ran_at__lt=before)
    return ended.annotate(aged_at=F("ran_at"))


def _links(before: datetime) -> QuerySet[Any]:
    return ActionLink.objects.filter(expires_at__lt=before).annotate(aged_at=F("expires_at"))


def _applications(before: datetime) -> QuerySet[Any]:
    given_up = Q(status=ApplicationStatus.OPEN) | Q(status=ApplicationStatus.REFUSED)
    return Application.objects.filter(given_up, started_at__lt=before).annotate(aged_at=F("started_at"))


def _deletes(model: Any) -> Any:
    def forget(keys: Sequence[Any]) -> None:
        model.objects.filter(pk__in=keys).delete()

    return forget


def _empty_talks(keys: Sequence[int]) -> None:
    Conversation.objects.filter(pk__in=keys).update(slots={})


KINDS: Final = (
    Kind("inbound_text", _("What people wrote to us"), _inbound_text, forgetting.empty_inbound, "received_at"),
    Kind("inbound_rows", _("Inbound messages as such"), _inbound_rows, _deletes(InboundMessage), "received_at"),
    Kind("conversations", _("What was said in closed talks"), _talks, _empty_talks, "opened_at"),
    Kind(
        "request_details",
        _("Words, places, photos of ended requests"),
        _requests,
        forgetting.empty_requests,
        "created_at",
    ),
    Kind("match_runs", _("Names in match runs of ended requests"), _match_runs, forgetting.empty_match_runs, "ran_at"),
    Kind("action_links", _("Links that have ended"), _links, _deletes(ActionLink), "created_at"),
    Kind("applications", _("Applications given up or refused"), _applications, _deletes(Application), "started_at"),
)
