from django.apps import AppConfig


class DjobeaConfig(AppConfig):
    name = "djobea"
    verbose_name = "Djobea"
