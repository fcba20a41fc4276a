from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MarketplaceConfig(AppConfig):
    name = "marketplace"
    verbose_name = _("Marketplace")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to what becomes of our messages, and offer what staff may do about our alerts."""
        from . import number_news, receivers, remedies  # noqa: F401, PLC0415  models are not ready before this moment

        remedies.offer_them()
