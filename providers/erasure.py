"""One provider leaves: name, addresses, home and notes become a pseudonym; the row stays, as jobs and counts hang on it."""

from django.db import transaction
from django.utils.translation import gettext as _

from providers import coverage
from providers.models import Availability, NumberCheck, Provider, ProviderStatus

# The country code 999 belongs to nobody (ITU-T E.164), so that no such number can ever be called.
NOBODY: int = 999 * 10**11


def is_erased(provider: Provider) -> bool:
    """Whether this row stands for somebody who was erased."""
    return provider.phone_number == number_of_nobody(provider.pk)


def number_of_nobody(pk: int) -> str:
    """A number that is nobody's, one for each row: the database demands one."""
    return f"+{NOBODY + pk}"


@transaction.atomic
def erase(provider: Provider) -> None:
    """Take the person out of this row; no offer reaches it any more."""
    Provider.objects.filter(pk=provider.pk).update(
        name=_("Erased provider #%(row)d") % {"row": provider.pk},
        phone_number=number_of_nobody(provider.pk),
        phone_doubtful=True,
        email="",
        notes="",
        status=ProviderStatus.SUSPENDED,
        is_verified=False,
        base_zone=None,
        unavailable_until=None,
    )
    Availability.objects.filter(provider=provider).delete()
    NumberCheck.objects.filter(provider=provider).delete()
    provider.services.clear()
    provider.zones.clear()
    coverage.refresh(provider)
