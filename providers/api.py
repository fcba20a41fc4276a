"""Providers, services and zones over the REST API."""

from typing import Any, Final

from django.core.validators import RegexValidator
from django.db import transaction
from django_filters import rest_framework as filters
from rest_framework import serializers, viewsets

from providers import coverage, privacy
from providers.models import E164, Provider, Service, Zone


class ServiceSerializer(serializers.ModelSerializer[Service]):
    class Meta:
        model = Service
        fields = ["id", "slug", "name_fr", "name_en", "is_active"]


class ZoneSerializer(serializers.ModelSerializer[Zone]):
    city = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)

    class Meta:
        model = Zone
        fields = ["id", "slug", "name", "city", "latitude", "longitude", "is_whole_city"]


class BySlug(serializers.SlugRelatedField[Any]):
    """A row by its slug; a NUL, which PostgreSQL takes for no text, names none."""

    def to_internal_value(self, data: Any) -> Any:
        if "\x00" in str(data):
            self.fail("does_not_exist", slug_name=self.slug_field, value="\ufffd")
        return super().to_internal_value(data)


class ProviderSerializer(serializers.ModelSerializer[Provider]):
    services = BySlug(slug_field="slug", queryset=Service.objects.all(), many=True)
    zones = BySlug(slug_field="slug", queryset=Zone.objects.all(), many=True)
    base_zone = BySlug(slug_field="slug", queryset=Zone.objects.all(), required=False, allow_null=True)

    class Meta:
        model = Provider
        fields = [
            *("id", "name", "phone_number", "phone_doubtful", "email", "language", "status", "is_verified"),
            *(
                "takes_emergencies",
                "unavailable_until",
                "daily_capacity",
                "radius_km",
                "base_zone",
                "services",
                "zones",
            ),
            "created_at",
        ]
        read_only_fields = ["phone_doubtful", "created_at"]
        extra_kwargs = {
            "phone_number": {"validators": [RegexValidator(E164)], "help_text": "E.164, such as +237677123456."},
            "daily_capacity": {"min_value": 0, "max_value": 100},
            "radius_km": {"min_value": 0, "max_value": 1000},
        }

    def to_representation(self, instance: Provider) -> dict[str, Any]:
        """With the name as the caller may see it."""
        shown = super().to_representation(instance)
        return shown | {"name": privacy.shown_name(shown["name"])}

    def validate_phone_number(self, value: str) -> str:
        """A number belongs to one provider."""
        others = Provider.objects.filter(phone_number=value)
        if self.instance is not None:
            others = others.exclude(pk=self.instance.pk)
        if others.exists():
            raise serializers.ValidationError("Another provider has this number.", code="unique")
        return value

    @transaction.atomic
    def save(self, **facts: Any) -> Provider:
        """Matching reads the coverage, so it changes with the provider."""
        provider = super().save(**facts)
        coverage.refresh(provider)
        return provider


class ProviderFilter(filters.FilterSet):
    service = filters.CharFilter(field_name="services__slug")
    zone = filters.CharFilter(field_name="zones__slug")

    class Meta:
        model = Provider
        fields = ["status", "is_verified", "takes_emergencies", "phone_number"]


class ProviderViewSet(viewsets.ModelViewSet[Provider]):
    """Providers; none is deleted, since jobs and ratings hang on them: set `status` to suspended."""

    queryset = Provider.objects.select_related("base_zone").prefetch_related("services", "zones")
    serializer_class = ProviderSerializer
    filterset_class = ProviderFilter
    lookup_value_regex = "[0-9]{1,18}"
    http_method_names = ["get", "post", "put", "patch", "head", "options"]


class ServiceViewSet(viewsets.ReadOnlyModelViewSet[Service]):
    queryset = Service.objects.all()
    serializer_class = ServiceSerializer
    filterset_fields = ["slug", "is_active"]
    lookup_value_regex = "[0-9]{1,18}"


class ZoneViewSet(viewsets.ReadOnlyModelViewSet[Zone]):
    queryset = Zone.objects.select_related("city")
    serializer_class = ZoneSerializer
    filterset_fields = ["slug", "city__slug"]
    lookup_value_regex = "[0-9]{1,18}"


VIEWSETS: Final = (("providers", ProviderViewSet), ("services", ServiceViewSet), ("zones", ZoneViewSet))
