"""From an alert to where it can be mended: the buttons of "nobody found"."""

from collections.abc import Callable

from django.urls import reverse
from django.utils.translation import gettext_lazy

from marketplace import staff_alerts
from marketplace.models import RequestStatus, ServiceRequest
from notifications import personal_data
from notifications.models import EscalationAlert
from notifications.remedies import Lead, offer_way


def _of_request(address: Callable[[ServiceRequest], str]) -> Callable[[EscalationAlert], str]:
    """The address, while the alert tells of a request that still looks for somebody."""

    def of(alert: EscalationAlert) -> str:
        pk = staff_alerts.unmatched_request(alert.fingerprint)
        if pk is None:
            return ""
        searching = ServiceRequest.objects.filter(status__in=[RequestStatus.SEARCHING, RequestStatus.WAITING])
        request = searching.select_related("customer__contact").filter(pk=pk).first()
        return address(request) if request else ""

    return of


def _telephone(request: ServiceRequest) -> str:
    number = request.number_to_call
    return f"tel:{number}" if number and not personal_data.is_hidden() else ""


offer_way(
    Lead(
        "assign",
        gettext_lazy("Assign by hand"),
        _of_request(lambda request: reverse("admin:marketplace_servicerequest_assign", args=[request.pk])),
    )
)
offer_way(Lead("call", gettext_lazy("Call the customer"), _of_request(_telephone)))
offer_way(
    Lead(
        "request",
        gettext_lazy("Look at the request"),
        _of_request(lambda request: reverse("admin:marketplace_servicerequest_change", args=[request.pk])),
    )
)
