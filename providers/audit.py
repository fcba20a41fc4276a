"""What must always be true of the network, proved from the rows themselves."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from providers import coverage


def coverage_agrees(at: datetime) -> list[str]:  # noqa: ARG001  every audit is asked in the same way
    """The coverage is exactly each provider's services times zones."""
    missing, surplus = coverage.disagreements()
    if not (missing or surplus):
        return []
    return [
        _(
            "The coverage lacks %(missing)d rows and has %(surplus)d too many: save the provider again, "
            "or run providers.coverage.refresh_all()."
        )
        % {"missing": missing, "surplus": surplus}
    ]


# Each function takes the time and returns its breaches as texts; none means that all is well.
AUDITS: Final[list[Callable[[datetime], list[str]]]] = [coverage_agrees]
