"""Fill an installation with what it begins with; running it again adds only what is missing."""

from argparse import ArgumentParser, BooleanOptionalAction
from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.util import find_spec
from time import monotonic
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from providers import seeding

# Seeding functions of the other apps, in the order of need: (what it brings, module, function).
OTHERS: Final = (
    (gettext_noop("vocabulary"), "marketplace.seeding_vocabulary", "seed_vocabulary"),
    (gettext_noop("channels, texts and escalation steps"), "notifications.seeding", "seed"),
)


class Command(BaseCommand):
    help = "Seeds cities, zones, services, words and texts, and providers for the demo; adds only what is missing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--demo-providers",
            action=BooleanOptionalAction,
            default=True,
            help="also seed made-up providers, unless there are providers or the real Twilio is connected",
        )

    def handle(self, *_args: Any, demo_providers: bool, **_options: Any) -> None:
        if demo_providers and _reaches_real_phones():
            self.stdout.write(_("No demo providers: this installation writes to real phones through Twilio."))
            demo_providers = False
        for label, run in _steps(demo_providers=demo_providers):
            self.stdout.write(f"  {_(label)} ... ", ending="")
            self.stdout.flush()
            began = monotonic()
            added = run()
            seconds = monotonic() - began
            count = _("%(count)d added") % {"count": added} if isinstance(added, int) else _("ready")
            self.stdout.write(f"{count} ({seconds:.1f} s)")


def _steps(*, demo_providers: bool) -> Iterable[tuple[str, Callable[[], Any]]]:
    yield from seeding.steps(demo_providers=demo_providers)
    for label, module, function in OTHERS:
        if find_spec(module):
            yield label, getattr(import_module(module), function)


def _reaches_real_phones() -> bool:
    """The numbers of demo providers are made up, so nothing may be sent to them outside the simulator."""
    return bool(settings.TWILIO_ACCOUNT_SID and not settings.TWILIO_API_BASE_URL)
