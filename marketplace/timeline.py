"""Every event of a request, with who and why; kept for audit."""

from datetime import datetime
from typing import Any

from marketplace.models import Event, ServiceRequest


def record(request: ServiceRequest, name: str, actor: str, at: datetime, **facts: Any) -> Event:
    """Write down that `actor` ("customer", "provider:7", "system", "staff:awa") did `name` to this request."""
    return Event.objects.create(request=request, name=name, actor=actor, happened_at=at, facts=facts)
