"""Requests over the REST API."""

from typing import Any, Final

from django_filters import rest_framework as filters
from rest_framework import serializers, viewsets

from marketplace.models import Job, ServiceRequest
from notifications import personal_data


class JobSerializer(serializers.ModelSerializer[Job]):
    class Meta:
        model = Job
        fields = ["id", "provider", "status", "assigned_at", "ended_at", "end_reason"]


class RequestSerializer(serializers.ModelSerializer[ServiceRequest]):
    service = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)
    zone = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)
    jobs = JobSerializer(many=True, read_only=True)

    class Meta:
        model = ServiceRequest
        fields = [
            *("id", "status", "service", "zone", "urgency", "description", "place_note", "scheduled_for"),
            *("cancel_reason", "created_at", "searching_since", "expires_at", "jobs"),
        ]

    def to_representation(self, instance: ServiceRequest) -> dict[str, Any]:
        """The customer's words only for those who may see people."""
        shown: dict[str, Any] = super().to_representation(instance)
        return shown | {name: personal_data.text(shown[name]) for name in ("description", "place_note")}


class RequestFilter(filters.FilterSet):
    service = filters.CharFilter(field_name="service__slug")
    zone = filters.CharFilter(field_name="zone__slug")

    class Meta:
        model = ServiceRequest
        fields = ["status", "urgency"]


class RequestViewSet(viewsets.ReadOnlyModelViewSet[ServiceRequest]):
    queryset = ServiceRequest.objects.select_related("service", "zone").prefetch_related("jobs")
    serializer_class = RequestSerializer
    filterset_class = RequestFilter
    lookup_value_regex = "[0-9]{1,18}"


VIEWSETS: Final = (("requests", RequestViewSet),)
