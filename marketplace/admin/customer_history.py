"""Who it is that we talk to: earlier requests and talks, the job at hand, and whether it is a provider of ours."""

from typing import Any, Final

from marketplace.models import Conversation, Job, Rating, ServiceRequest
from marketplace.models.job import LIVE_JOB
from providers.models import Provider

from .requests import TONES

SHOWN: Final = 6


def tell(conversation: Conversation) -> dict[str, Any]:
    """What the side of the page shows: five queries."""
    contact = conversation.contact
    requests = list(
        ServiceRequest.objects.filter(customer__contact=contact)
        .select_related("service", "zone")
        .order_by("-pk")[:SHOWN]
    )
    ratings = Rating.objects.filter(job__request__in=requests, by_customer=True)
    stars = dict(ratings.values_list("job__request_id", "stars"))
    live = Job.objects.filter(request__in=requests, status__in=LIVE_JOB).select_related("provider")
    return {
        "requests": [
            {"row": row, "tone": TONES.get(row.status, "quiet"), "stars": stars.get(row.pk)}  # type: ignore[call-overload]  # a str is what it holds
            for row in requests
        ],
        "live_jobs": list(live.order_by("-pk")),
        "earlier": list(
            Conversation.objects.filter(contact=contact).exclude(pk=conversation.pk).order_by("-pk")[:SHOWN]
        ),
        "provider": Provider.objects.filter(phone_number=contact.phone_number).first()
        if contact.phone_number
        else None,
    }
