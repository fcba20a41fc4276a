from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DjobeaConfig(AppConfig):
    name = "djobea"
    verbose_name = _("Djobea")

    def ready(self) -> None:
        """Register the checks of the settings, and what is done when a person is erased."""
        from . import checks, erasing  # noqa: F401, PLC0415  they register themselves
