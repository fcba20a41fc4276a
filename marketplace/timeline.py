"""Every event of a request, with who and why; kept for audit."""

from datetime import datetime
from typing import Any

from marketplace.models import Event, ServiceRequest
from notifications import subscriptions
from notifications.models import EventName


def record(request: ServiceRequest, name: str, actor: str, at: datetime, **facts: Any) -> Event:
    """Write down that `actor` ("customer", "provider:7", "system", "staff:awa") did `name` to this request."""
    event = Event.objects.create(request=request, name=name, actor=actor, happened_at=at, facts=facts)
    told = {"id": request.pk, "event": name, "actor": actor.partition(":")[0]}
    subscriptions.publish(EventName.REQUEST_CHANGED, told, reference=f"request:{request.pk}", at=at)
    return event
