from django.apps import AppConfig, apps
from django.conf import settings
from django.contrib.admin.apps import AdminConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class DjobeaConfig(AppConfig):
    name = "djobea"
    verbose_name = _("Djobea")

    def ready(self) -> None:
        """Register the checks of the settings, what is done when a person is erased, and where crashes go."""
        from notifications import personal_data  # noqa: PLC0415
        from providers import privacy  # noqa: PLC0415

        from . import (  # noqa: F401, PLC0415  they register themselves
            checks,
            erasing,
            groups,
        )
        from .crash_reports import start  # noqa: PLC0415

        privacy.decide_by(shown=personal_data.name, is_hidden=personal_data.is_hidden)
        start(settings.SENTRY_DSN)
        # The last of the apps, so that everybody's permissions are there.
        last = apps.get_app_config("marketplace")
        post_migrate.connect(groups.after_migrate, sender=last, dispatch_uid="djobea.groups")


class ConsoleConfig(AdminConfig):
    """Django's admin with our site in its place."""

    default_site = "djobea.site.ConsoleSite"
