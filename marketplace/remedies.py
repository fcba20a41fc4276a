"""What staff may do about an alert of this app from the message itself."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace import dispatch, staff_alerts
from marketplace.models import RequestStatus, ServiceRequest
from notifications.models import EscalationAlert
from notifications.remedies import Remedy, register


def _fits(alert: EscalationAlert) -> bool:
    pk = staff_alerts.unmatched_request(alert.fingerprint)
    return pk is not None and ServiceRequest.objects.filter(pk=pk, status=RequestStatus.WAITING).exists()


def _widen(alert: EscalationAlert, by: str, at: datetime) -> str:
    pk = staff_alerts.unmatched_request(alert.fingerprint)
    offers = dispatch.widen(pk, by=f"staff:{by}", at=at) if pk is not None else 0
    if not offers:
        return _("Nobody who takes emergencies is in reach either. The search goes on by itself.")
    return _("The search is widened: %(offers)d providers who take emergencies were asked.") % {"offers": offers}


WIDEN = Remedy(
    name="widen",
    label=gettext_lazy("Widen the search to emergency"),
    word="large",
    words=frozenset({"large", "elargir", "elargis", "urgence", "widen", "emergency", "wide"}),
    fits=_fits,
    do=_widen,
)


def offer_them() -> None:
    """Called once, when the app is ready."""
    register(WIDEN)
