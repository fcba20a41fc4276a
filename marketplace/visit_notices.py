"""Words about a visit: near, late, to be confirmed, before a closed door, done. As in `notices`, one function each."""

from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from marketplace import action_links
from marketplace.dialogue.words import gettext as _
from marketplace.models import Job
from marketplace.notices import LINK_LASTS, place_of, spoken, tell_customer, tell_of_job, tell_provider

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
        tell_of_job(
            job,
            _("The customer is waiting: %(service)s in %(place)s. Are you on your way?") % facts,
            language=language,
            key=f"late:{job.pk}",
            at=at,
            sms_body=_("Djobea: are you on your way to %(place)s? Answer here: %(link)s") % facts,
            choices=[
                {"id": f"job:{job.pk}:set_out", "title": _("On my way")},
                {"id": f"job:{job.pk}:give_up", "title": _("I cannot come")},
            ],
        )


def ask_to_confirm(job: Job, *, at: datetime) -> None:
    """Half of the time to confirm is over."""
    if job.confirm_by is None:
        return
    with spoken(job.provider.language) as language:
        facts = {
            "service": job.request.service.name_in(language),
            "place": job.request.zone.name,
            "time": f"{timezone.localtime(job.confirm_by):%H:%M}",
            "link": action_links.make("job", job.pk, language=language, expires_at=at + LINK_LASTS, at=at),
        }
        tell_of_job(
            job,
            _("Do you come? %(service)s in %(place)s. Without your answer by %(time)s it goes to another.") % facts,
            key=f"confirm:{job.pk}",
            language=language,
            at=at,
            sms_body=_("Djobea: do you come to %(place)s? Answer by %(time)s: %(link)s") % facts,
            choices=[
                {"id": f"job:{job.pk}:confirm", "title": _("I am coming")},
                {"id": f"job:{job.pk}:give_up", "title": _("I cannot come")},
            ],
            expires_at=job.confirm_by,
        )


def tell_not_confirmed(job: Job, *, at: datetime) -> None:
    """The job has gone to another, because the provider said nothing."""
    with spoken(job.provider.language) as language:
        text = _("Without your answer, the job in %(place)s goes to another. You need not go there.") % {
            "place": job.request.zone.name
        }
        tell_of_job(job, text, key=f"not-confirmed:{job.pk}", language=language, at=at)


def tell_delay(job: Job, *, at: datetime) -> None:
    """The provider comes later than agreed."""
    with spoken(job.request.customer.contact.language) as language:
        text = _("%(name)s will be late and asks you to wait a little. Telephone: %(number)s") % {
            "name": job.provider.name,
            "number": job.provider.phone_number,
        }
        tell_customer(job.request, "job_news", text, language=language, key=f"delay:{job.pk}:{at:%Y%m%d%H%M}", at=at)


def tell_provider_at_the_door(job: Job, *, at: datetime) -> None:
    """The provider is there and finds nobody."""
    with spoken(job.request.customer.contact.language) as language:
        text = _("%(name)s is at your place and finds nobody. Call now: %(number)s") % {
            "name": job.provider.name,
            "number": job.provider.phone_number,
        }
        tell_customer(job.request, "job_news", text, language=language, key=f"at-the-door:{job.pk}", at=at)


def tell_done(job: Job, *, at: datetime) -> None:
    """The customer, or our staff, say that the work is done."""
    with spoken(job.provider.language) as language:
        text = _("The job in %(place)s is noted as done. Thank you!") % {"place": job.request.zone.name}
        tell_of_job(job, text, key=f"noted-done:{job.pk}", language=language, at=at)
