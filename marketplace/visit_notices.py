"""Words about a visit that is near, or late. As in `notices`, one function a message."""

from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from marketplace import action_links
from marketplace.dialogue.words import gettext as _
from marketplace.models import Job
from marketplace.notices import LINK_LASTS, place_of, spoken, tell_customer, tell_provider

KNOWN_BEFORE: Final = timedelta(minutes=30)  # a visit; who does not know by then is called by our staff


def remind_customer(job: Job, visit: datetime, *, at: datetime) -> None:
    """The provider comes soon."""
    with spoken(job.request.customer.contact.language) as language:
        facts = {
            "name": job.provider.name,
            "time": f"{timezone.localtime(visit):%H:%M}",
            "service": job.request.service.name_in(language),
            "number": job.provider.phone_number,
        }
        tell_customer(
            job.request,
            "reminder",
            _("Reminder: %(name)s comes at %(time)s for %(service)s. Telephone: %(number)s") % facts,
            language=language,
            key=f"visit-customer:{job.pk}",
            at=at,
            context=facts,
            expires_at=visit,
            must_know_by=visit - KNOWN_BEFORE,
        )


def remind_provider(job: Job, visit: datetime, *, at: datetime) -> None:
    """A visit is near."""
    contact = job.request.customer.contact
    with spoken(job.provider.language) as language:
        facts = {
            "service": job.request.service.name_in(language),
            "time": f"{timezone.localtime(visit):%H:%M}",
            "place": place_of(job.request),
            "name": contact.name or _("the customer"),
            "number": job.request.number_to_call or _("(number hidden: ask our staff)"),
        }
        tell_provider(
            job.provider,
            "reminder",
            _("Reminder: %(service)s at %(time)s in %(place)s. Customer: %(name)s, %(number)s") % facts,
            language=language,
            reference=f"job:{job.pk}",
            key=f"visit-provider:{job.pk}",
            at=at,
            context=facts,
            expires_at=visit,
            must_know_by=visit - KNOWN_BEFORE,
        )


def ask_whether_on_the_way(job: Job, *, at: datetime) -> None:
    """The provider has not said so, and the customer waits."""
    with spoken(job.provider.language) as language:
        facts = {
            "service": job.request.service.name_in(language),
            "place": job.request.zone.name,
            "link": action_links.make("job", job.pk, language=language, expires_at=at + LINK_LASTS, at=at),
        }
        tell_provider(
            job.provider,
            "job_news",
            _("The customer is waiting: %(service)s in %(place)s. Are you on your way?") % facts,
            language=language,
            reference=f"job:{job.pk}",
            key=f"late:{job.pk}",
            at=at,
            sms_body=_("Djobea: are you on your way to %(place)s? Answer here: %(link)s") % facts,
            choices=[
                {"id": f"job:{job.pk}:set_out", "title": _("On my way")},
                {"id": f"job:{job.pk}:give_up", "title": _("I cannot come")},
            ],
        )
