"""The queue and its alerts over the REST API. Each action calls the function that the console calls."""

from typing import Any, Final

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from notifications import clock, escalation, public_https, staff_actions, subscriptions
from notifications.models import (
    AlertState,
    Attempt,
    EscalationAlert,
    EventName,
    Notification,
    WebhookSubscription,
)
from notifications.models.subscription import every_event
from notifications.staff_actions import Selection

LONGEST_REASON: Final = 300


class Conflict(APIException):
    """The row is not in a state in which this can be done."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = "This cannot be done in its present state."
    default_code = "conflict"


class AttemptSerializer(serializers.ModelSerializer[Attempt]):
    class Meta:
        model = Attempt
        fields = [
            *("id", "channel", "started_at", "finished_at", "outcome", "error_code", "error_message", "http_status"),
            *("provider_sid", "latency_ms"),
        ]


class NotificationSerializer(serializers.ModelSerializer[Notification]):
    class Meta:
        model = Notification
        fields = [
            *("id", "purpose", "phone_number", "email", "language", "body", "reference", "trace", "channel"),
            *(
                "channels_left",
                "status",
                "waiting_for",
                "priority",
                "attempt_count",
                "retry_count",
                "due_at",
                "expires_at",
            ),
            *("must_know_by", "last_error_code", "last_error", "provider_sid", "possible_duplicate", "alert"),
            *("created_at", "sent_at", "delivered_at", "read_at", "settled_at"),
        ]


class NotificationDetailSerializer(NotificationSerializer):
    attempts = AttemptSerializer(many=True, read_only=True)

    class Meta(NotificationSerializer.Meta):
        fields = [*NotificationSerializer.Meta.fields, "attempts"]


class ReasonSerializer(serializers.Serializer[Any]):
    why = serializers.CharField(max_length=LONGEST_REASON, help_text="Kept with the trace.")


class AlertSerializer(serializers.ModelSerializer[EscalationAlert]):
    class Meta:
        model = EscalationAlert
        fields = [
            *("id", "fingerprint", "severity", "title", "cause", "remedy", "state", "occurrences", "reference"),
            *("first_seen_at", "last_seen_at", "acknowledged_at", "resolved_at", "resolved_by", "notes"),
        ]


class NotificationFilter(filters.FilterSet):
    class Meta:
        model = Notification
        fields = ["status", "channel", "purpose", "phone_number", "reference", "last_error_code", "provider_sid"]


def _caller(request: Request) -> str:
    return str(request.user.get_username())


class NotificationViewSet(viewsets.ReadOnlyModelViewSet[Notification]):
    queryset = Notification.objects.all()
    serializer_class = NotificationSerializer
    filterset_class = NotificationFilter
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> Any:
        rows = super().get_queryset()
        return rows.prefetch_related("attempts") if self.detail else rows

    def get_serializer_class(self) -> Any:
        return NotificationDetailSerializer if self.detail else NotificationSerializer

    @extend_schema(request=ReasonSerializer, responses=NotificationDetailSerializer)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str = "") -> Response:
        """Send it again: a new attempt; the old ones stay in history. 409 where it cannot go."""
        return self._act(staff_actions.retry, request, pk)

    @extend_schema(request=ReasonSerializer, responses=NotificationDetailSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str = "") -> Response:
        """Call back a message that has not left. 409 where it has."""
        return self._act(staff_actions.cancel, request, pk)

    def _act(self, deed: Any, request: Request, pk: str) -> Response:
        row = self.get_object()
        reason = ReasonSerializer(data=request.data)
        reason.is_valid(raise_exception=True)
        done = deed(
            Selection.of([int(pk)]), by=_caller(request), why=reason.validated_data["why"], expected=1, at=clock.now()
        )
        if not done.done_count:
            raise Conflict(f"Left as it is: {', '.join(done.skipped)}.")
        row.refresh_from_db()
        return Response(self.get_serializer(row).data)


class AlertViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[EscalationAlert]):
    queryset = EscalationAlert.objects.all()
    serializer_class = AlertSerializer
    filterset_fields = ["state", "severity", "fingerprint"]
    lookup_value_regex = "[0-9]{1,18}"

    @extend_schema(request=None, responses=AlertSerializer)
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, pk: str = "") -> Response:  # noqa: ARG002  the framework's
        """Say that somebody takes care. 409 where it is not open."""
        alert = self.get_object()
        if not escalation.acknowledge(alert, by=request.user, at=clock.now()):  # type: ignore[arg-type]
            raise Conflict
        return self._shown(alert)

    @extend_schema(request=None, responses=AlertSerializer)
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, pk: str = "") -> Response:  # noqa: ARG002  the framework's
        """Say that its cause is gone. 409 where it was resolved."""
        alert = self.get_object()
        if alert.state == AlertState.RESOLVED or not escalation.resolve(
            alert.fingerprint, by=_caller(request), at=clock.now()
        ):
            raise Conflict
        return self._shown(alert)

    def _shown(self, alert: EscalationAlert) -> Response:
        alert.refresh_from_db()
        return Response(self.get_serializer(alert).data)


class WebhookSerializer(serializers.ModelSerializer[WebhookSubscription]):
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=EventName.choices), allow_empty=False, default=every_event
    )

    class Meta:
        model = WebhookSubscription
        fields = ["id", "name", "url", "events", "is_active", "why_inactive", "created_at"]
        read_only_fields = ["why_inactive", "created_at"]

    def validate_url(self, url: str) -> str:
        if reason := public_https.why_not(url):
            raise serializers.ValidationError(reason)
        return url


class WebhookSecretSerializer(WebhookSerializer):
    """The only answers that show the secret: whoever made it keeps it."""

    secret = serializers.CharField(read_only=True)

    class Meta(WebhookSerializer.Meta):
        fields = [*WebhookSerializer.Meta.fields, "secret"]


@extend_schema_view(create=extend_schema(responses={201: WebhookSecretSerializer}))
class WebhookViewSet(viewsets.ModelViewSet[WebhookSubscription]):
    """Programs that are told of events. Their calls are signed as Standard Webhooks says."""

    queryset = WebhookSubscription.objects.all()
    serializer_class = WebhookSerializer
    filterset_fields = ["is_active"]
    lookup_value_regex = "[0-9]{1,18}"

    def get_serializer_class(self) -> Any:
        return WebhookSecretSerializer if self.action == "create" else WebhookSerializer

    def perform_update(self, serializer: Any) -> None:
        """Whoever switches it on again has dealt with the reason."""
        row = serializer.save()
        if row.is_active and row.why_inactive:
            row.why_inactive = ""
            row.save(update_fields=["why_inactive"])

    @extend_schema(request=None, responses={202: None})
    @action(detail=True, methods=["post"])
    def ping(self, request: Request, pk: str = "") -> Response:  # noqa: ARG002  the framework's
        """Queue a test call. 409 where the webhook is switched off."""
        if not subscriptions.ping(self.get_object(), at=clock.now()):
            raise Conflict
        return Response(status=status.HTTP_202_ACCEPTED)

    @extend_schema(request=None, responses=WebhookSecretSerializer)
    @action(detail=True, methods=["post"], url_path="rotate-secret")
    def rotate_secret(self, request: Request, pk: str = "") -> Response:  # noqa: ARG002  the framework's
        """Make a new secret; the old one signs beside it for 24 hours."""
        row = self.get_object()
        subscriptions.rotate_secret(row, at=clock.now())
        row.refresh_from_db()
        return Response(WebhookSecretSerializer(row).data)


VIEWSETS: Final = (
    ("notifications", NotificationViewSet),
    ("alerts", AlertViewSet),
    ("webhooks", WebhookViewSet),
)
