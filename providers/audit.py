"""What must always be true of the network, proved from the rows themselves."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from providers import coverage


def coverage_agrees(_look: Any) -> Iterator[tuple[int, str]]:
    """The coverage is exactly each provider's services times zones, and repeats what provider and standing say."""
    missing, surplus, untrue = coverage.disagreements()
    if missing or surplus or untrue:
        yield (
            0,
            _(
                "The coverage lacks %(missing)d rows, has %(surplus)d too many and %(untrue)d that are out of date: "
                "save the provider again, or run providers.coverage.refresh_all()."
            )
            % {"missing": missing, "surplus": surplus, "untrue": untrue},
        )


# Name, what its breach is called, and the check: it takes what the run looks at and yields (key, sentence) a breach.
AUDITS: Final[tuple[tuple[str, Any, Callable[[Any], Iterator[tuple[int, str]]]], ...]] = (
    ("coverage", gettext_lazy("The coverage of providers is wrong"), coverage_agrees),
)
