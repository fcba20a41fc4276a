"""The words that the understanding knows, in a table that operators extend."""

from typing import ClassVar, Final, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from marketplace.understanding.folding import fold

MAX_WEIGHT: Final = 10.0


class VocabularyQuerySet(models.QuerySet["VocabularyEntry"]):
    """Vocabulary rows, with the choices that loading and the admin make."""

    def in_use(self) -> Self:
        """Rows that the understanding reads."""
        return self.filter(active=True)


class VocabularyEntry(models.Model):
    """One word or phrase and what it points to: a service, a zone, or a value such as an intent or an urgency."""

    class Kind(models.TextChoices):
        """What a phrase tells; the first three point to a service, the fourth to a zone, the rest to a value."""

        SERVICE_NAME = "service_name", _("Name of a trade")  # "plombier", "light man"
        SYMPTOM = "symptom", _("Problem or task")  # "le robinet coule"
        OBJECT = "object", _("Object")  # "lavabo": weak alone
        ZONE_ALIAS = "zone_alias", _("Name of a zone")
        INTENT = "intent", _("Whole message with an intent")  # value: "status", "human" ...
        URGENCY = "urgency", _("Urgency")  # value: "emergency", "today", "scheduled", "unspecified"

    class Language(models.TextChoices):
        """Language that the phrase is written in; empty: any."""

        ANY = "", _("Any")
        FRENCH = "fr", _("French")
        ENGLISH = "en", _("English")
        PIDGIN = "pcm", _("Pidgin")

    class Origin(models.TextChoices):
        """Who brought the row; seeding rewrites only its own."""

        SEEDED = "seeded", _("Shipped")
        OPERATOR = "operator", _("Operator")

    SERVICE_KINDS: ClassVar = (Kind.SERVICE_NAME, Kind.SYMPTOM, Kind.OBJECT)
    VALUE_KINDS: ClassVar = (Kind.INTENT, Kind.URGENCY)

    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    text = models.CharField(_("text"), max_length=120)
    folded = models.CharField(
        _("folded text"), max_length=160, editable=False
    )  # fold(text); written by save() and seeding
    language = models.CharField(_("language"), max_length=3, choices=Language, default=Language.ANY, blank=True)
    service = models.ForeignKey(
        "providers.Service",
        verbose_name=_("service"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
    )
    zone = models.ForeignKey(
        "providers.Zone", verbose_name=_("zone"), null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    value = models.CharField(_("value"), max_length=20, blank=True, default="")
    weight = models.FloatField(  # 1 = ordinary evidence; what an operator teaches starts at 3
        _("weight"), default=1.0, validators=[MinValueValidator(0.1), MaxValueValidator(MAX_WEIGHT)]
    )
    active = models.BooleanField(_("active"), default=True)
    origin = models.CharField(_("origin"), max_length=8, choices=Origin, default=Origin.OPERATOR)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    objects = VocabularyQuerySet.as_manager()

    class Meta:
        """Constraints: each kind points where it must, and nothing is said twice."""

        verbose_name = _("vocabulary entry")
        verbose_name_plural = _("vocabulary")
        ordering = ["kind", "folded"]
        constraints = [
            models.CheckConstraint(
                name="vocabulary_kind_is_known",
                condition=Q(kind__in=["service_name", "symptom", "object", "zone_alias", "intent", "urgency"]),
            ),
            models.CheckConstraint(
                name="vocabulary_language_is_known", condition=Q(language__in=["", "fr", "en", "pcm"])
            ),
            models.CheckConstraint(name="vocabulary_origin_is_known", condition=Q(origin__in=["seeded", "operator"])),
            models.CheckConstraint(
                name="vocabulary_points_where_its_kind_says",
                condition=Q(
                    kind__in=["service_name", "symptom", "object"], service__isnull=False, zone__isnull=True, value=""
                )
                | Q(kind="zone_alias", service__isnull=True, zone__isnull=False, value="")
                | Q(kind__in=["intent", "urgency"], service__isnull=True, zone__isnull=True) & ~Q(value=""),
            ),
            models.CheckConstraint(
                name="vocabulary_weight_is_positive", condition=Q(weight__gt=0, weight__lte=MAX_WEIGHT)
            ),
            models.UniqueConstraint(
                name="vocabulary_service_said_once",
                fields=["kind", "folded", "service"],
                condition=Q(service__isnull=False),
            ),
            models.UniqueConstraint(
                name="vocabulary_zone_said_once", fields=["kind", "folded", "zone"], condition=Q(zone__isnull=False)
            ),
            models.UniqueConstraint(
                name="vocabulary_value_said_once",
                fields=["kind", "folded", "value"],
                condition=Q(service__isnull=True, zone__isnull=True),
            ),
        ]
        # "Has anything changed?" is asked every few seconds: the newest row without reading the table.
        indexes = [models.Index(name="vocabulary_newest", fields=["-updated_at"])]

    def __str__(self) -> str:
        """Show the phrase and where it points."""
        return f"{self.text} ({self.get_kind_display()})"

    def save(self, *args: object, **kwargs: object) -> None:
        """Keep the folded form in step with the text."""
        self.folded = fold(self.text)
        super().save(*args, **kwargs)  # type: ignore[arg-type]  # passed through unchanged
