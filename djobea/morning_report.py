"""The status report by mail, every morning, to those whom `STATUS_REPORT_EMAILS` names."""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from djobea import reporting
from notifications import outbox
from notifications.models import Notification

EVERY: Final = timedelta(minutes=10)
PURPOSE: Final = "staff_report"


def mail(at: datetime) -> int:
    """Put today's report into the queue once its hour (`STATUS_REPORT_HOUR`, local) has come; returns how many mails.

    The day is part of each mail's key, so that any number of workers and restarts send it once. A worker that was off
    at that hour sends it when it is back, until midnight.
    """
    now = timezone.localtime(at)
    if not settings.STATUS_REPORT_EMAILS or now.hour < settings.STATUS_REPORT_HOUR:
        return 0
    keys = {f"status-report:{now:%Y-%m-%d}:{address}": address for address in settings.STATUS_REPORT_EMAILS}
    sent = set(Notification.objects.filter(dedupe_key__in=keys).values_list("dedupe_key", flat=True))
    if not (left := set(keys) - sent):
        return 0
    with translation.override(settings.LANGUAGE_CODE):
        facts = reporting.last_report(at)
        title = _("Status report of %(day)s: %(status)s") % {"day": f"{now:%d/%m}", "status": facts["status"]}
        with transaction.atomic():
            for key in sorted(left):
                outbox.enqueue(
                    purpose=PURPOSE,
                    email=keys[key],
                    subject=f"[Djobea] {title}",
                    body=reporting.as_markdown(facts),
                    dedupe_key=key,
                    at=at,
                )
    return len(left)
