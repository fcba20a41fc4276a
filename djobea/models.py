"""Rows about the whole: what the self-audit found, who was erased, and answers to calls that may be repeated."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class AuditResult(models.Model):
    """What one check found at its last run. The rows that it named are looked at again at the next."""

    check_name = models.CharField(_("check"), max_length=80, primary_key=True)
    ran_at = models.DateTimeField(_("last run"))
    clean_at = models.DateTimeField(_("last clean run"), null=True, blank=True)
    rows = models.JSONField(_("broken rows"), default=list, blank=True)  # their keys
    milliseconds = models.PositiveIntegerField(_("time in ms"), default=0)

    class Meta:
        verbose_name = _("audit result")
        verbose_name_plural = _("self-audit")
        ordering = ["check_name"]

    def __str__(self) -> str:
        return self.check_name


class SelfTestResult(models.Model):
    """What a self-test said at its last run."""

    name = models.CharField(_("self-test"), max_length=40, primary_key=True)
    passed = models.BooleanField(_("passed"))
    detail = models.TextField(_("what it found"), blank=True)
    milliseconds = models.PositiveIntegerField(_("time in ms"), default=0)
    ran_at = models.DateTimeField(_("last run"))

    class Meta:
        verbose_name = _("self-test")
        verbose_name_plural = _("self-tests")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ComponentState(models.Model):
    """How a component is, and since when: written by the worker's watch, so that every face names the same moment."""

    name = models.CharField(_("component"), max_length=80, primary_key=True)
    state = models.CharField(_("state"), max_length=10)
    since = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("state of a component")
        verbose_name_plural = _("states of components")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class RememberedAnswer(models.Model):
    """The answer to a call of the API that carried an Idempotency-Key: a repetition gets it again, and changes nothing.

    Without `status` the first call is still at work.
    """

    caller = models.CharField(max_length=64)  # SHA-256 of what authenticates the caller
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)  # SHA-256 of method, path and body
    status = models.PositiveSmallIntegerField(null=True)
    content_type = models.CharField(max_length=100, blank=True)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("remembered answer")
        verbose_name_plural = _("remembered answers")
        constraints = [models.UniqueConstraint(name="remembered_answer_is_unique", fields=["caller", "key"])]
        indexes = [models.Index(name="remembered_answer_by_age", fields=["created_at"])]

    def __str__(self) -> str:
        return self.key


class ErasedPerson(models.Model):
    """That somebody was erased, when and by whom; nothing of who it was."""

    pseudonym = models.CharField(_("pseudonym"), max_length=40, primary_key=True)
    erased_at = models.DateTimeField(_("erased"))
    by = models.CharField(_("by"), max_length=150)

    class Meta:
        verbose_name = _("erased person")
        verbose_name_plural = _("erased people")
        ordering = ["-erased_at"]

    def __str__(self) -> str:
        return self.pseudonym


from djobea import histories  # noqa: E402, F401  the tables of what people changed


class SavedList(models.Model):
    """A list of the console with its filters, by a name that the whole team sees in the sidebar."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    # Path and query, never a host: the sidebar must not lead off this site.
    address = models.CharField(_("address"), max_length=500)
    by = models.CharField(_("by"), max_length=150, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("saved list")
        verbose_name_plural = _("saved lists")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="saved_list_leads_into_the_console",
                condition=models.Q(address__startswith="/admin/"),
                violation_error_message=_("An address begins with /admin/."),
            ),
        ]

    def __str__(self) -> str:
        return self.name
