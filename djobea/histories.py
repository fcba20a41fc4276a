"""Who changed what, when and why: each change that a person makes to what staff set up is kept, with the state before.

Only people leave a history: a pause by the circuit breaker or an import by a command is told elsewhere. The tables live
in this app, so that the apps below need not know of it. `QuerySet.update()` leaves none; the console saves rows.
"""

from typing import Any, Final

import simple_history
from django.db.models import Model, QuerySet
from django.db.models.signals import pre_save
from simple_history.models import HistoricalRecords

from marketplace.models import VocabularyEntry
from notifications.models import (
    Account,
    Channel,
    EscalationStep,
    Maintenance,
    MessageTemplate,
    OnCallPerson,
    WebhookSubscription,
)
from providers.models import Availability, City, Provider, Service, Zone

WHY: Final = "why"  # the form's field
LONGEST_WHY: Final = 300
MANAGER: Final = "history"


class ByPeople(HistoricalRecords):  # type: ignore[misc]  # the library brings no types
    """Keeps what a signed-in person does, and before the first change the state that was there."""

    def finalize(self, sender: type[Model], **kwargs: Any) -> None:
        """Also listen before the row is written."""
        super().finalize(sender, **kwargs)
        pre_save.connect(self.keep_first, sender=sender, weak=False)

    def create_historical_record(self, instance: Any, history_type: str, using: str | None = None) -> None:
        """Nothing, unless a person did it."""
        if _person() is not None:
            super().create_historical_record(instance, history_type, using=using)

    def keep_first(self, instance: Any, **_facts: Any) -> None:
        """The state before anybody changed it, without a person beside it."""
        if _person() is None or instance.pk is None:
            return
        if of(instance).exists():
            return
        if before := type(instance)._base_manager.filter(pk=instance.pk).first():  # noqa: SLF001  public in Django
            before._history_user = None  # noqa: SLF001  the library's own name for it
            super().create_historical_record(before, "~")

    def get_change_reason_for_object(self, instance: Any, history_type: str, using: str | None) -> str | None:
        """What the person wrote beside the change; nothing for the state before."""
        given = super().get_change_reason_for_object(instance, history_type, using)
        if given or getattr(instance, "_history_user", True) is None:
            return given  # type: ignore[no-any-return]  # as above
        return _request().POST.get(WHY, "").strip()[:LONGEST_WHY] or None


def of(row: Model) -> QuerySet[Any]:
    """The states that this row was in, as kept."""
    states: QuerySet[Any] = getattr(type(row), MANAGER).filter(**{row._meta.pk.name: row.pk})  # noqa: SLF001  public
    return states


def _request() -> Any:
    return getattr(HistoricalRecords.context, "request", None)


def _person() -> Any:
    """Who is signed in on the request that is answered now; None outside of one."""
    user = getattr(_request(), "user", None)
    return user if user is not None and user.is_authenticated else None


WITH_HISTORY: Final[tuple[tuple[type[Model], dict[str, Any]], ...]] = (
    (Provider, {"m2m_fields": [Provider.services.field, Provider.zones.field]}),
    (Availability, {}),
    (City, {}),
    (Zone, {}),
    (Service, {}),
    (
        Channel,
        {"excluded_fields": ["tokens", "tokens_at", "slowed_until", "failed_trials", "probed_at", "probe_answer"]},
    ),
    (Account, {"excluded_fields": ["limit_since"]}),
    (MessageTemplate, {}),
    (OnCallPerson, {}),
    (EscalationStep, {}),
    (Maintenance, {}),
    (VocabularyEntry, {"excluded_fields": ["folded", "created_at", "updated_at"]}),
    (WebhookSubscription, {"excluded_fields": ["secret", "old_secret", "old_secret_until"]}),
)
for _model, _config in WITH_HISTORY:
    simple_history.register(_model, app="djobea", manager_name=MANAGER, records_class=ByPeople, **_config)
