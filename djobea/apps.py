from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy as _


class DjobeaConfig(AppConfig):
    name = "djobea"
    verbose_name = _("Djobea")

    def ready(self) -> None:
        """Register the checks of the settings, what is done when a person is erased, and where crashes go."""
        from . import checks, erasing  # noqa: F401, PLC0415  they register themselves
        from .crash_reports import start  # noqa: PLC0415

        start(settings.SENTRY_DSN)
