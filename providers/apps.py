from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class ProvidersConfig(AppConfig):
    name = "providers"
    verbose_name = _("Providers")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from providers import matching_query  # noqa: PLC0415  models are ready only now

        post_migrate.connect(matching_query.install, sender=self, dispatch_uid="providers.matching_query")
