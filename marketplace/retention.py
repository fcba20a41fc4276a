"""What the marketplace forgets by itself, in small batches. `purge` runs the list of each app.

Text and media that people wrote go after 180 days; the row and its MessageSid stay, so that a late redelivery is known.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from marketplace.models import ActionLink, InboundMessage, InboundStatus

TEXT_KEPT: Final = timedelta(days=180)
LINKS_KEPT: Final = timedelta(days=30)  # after their end: a kind page instead of "not valid"
BATCH: Final = 1000


def forget_inbound_text(at: datetime) -> int:
    """Empty the text and fields of messages that were answered 180 days ago; returns how many."""
    old = InboundMessage.objects.filter(status=InboundStatus.PROCESSED, received_at__lte=at - TEXT_KEPT)
    full = old.exclude(body="", payload={}).order_by("pk").values_list("pk", flat=True)[:BATCH]
    return InboundMessage.objects.filter(pk__in=list(full)).update(body="", payload={}, understood={})


def forget_action_links(at: datetime) -> int:
    """Delete links that ended 30 days ago; returns how many."""
    old = ActionLink.objects.filter(expires_at__lte=at - LINKS_KEPT).order_by("pk").values_list("pk", flat=True)[:BATCH]
    return ActionLink.objects.filter(pk__in=list(old)).delete()[0]


# Each function takes the time, deletes what is past its age, and returns how many rows that were.
PURGES: Final[list[Callable[[datetime], int]]] = [forget_inbound_text, forget_action_links]
