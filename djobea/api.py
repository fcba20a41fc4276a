"""The REST API under /api/v1/: which resources there are."""

from django.urls import include, path, re_path
from drf_spectacular.utils import OpenApiResponse, extend_schema, inline_serializer
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView

import marketplace.api
import notifications.api
import providers.api
from notifications import clock

from . import problems, reporting
from .verdicts import State


class StatusView(APIView):
    """How the system is."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        tags=["status"],
        responses=OpenApiResponse(
            inline_serializer(
                "Status",
                {
                    "status": serializers.ChoiceField(choices=[state.value for state in State]),
                    "at": serializers.DateTimeField(),
                    **{
                        name: serializers.ListField(child=serializers.DictField())
                        for name in ("components", "issues", "providers", "traffic", "budgets", "self_tests")
                    },
                    "queue": serializers.DictField(child=serializers.IntegerField()),
                    "recovering": serializers.ListField(child=serializers.CharField()),
                },
            )
        ),
    )
    def get(self, _request: Request) -> Response:
        """The status report: verdict, issues with cause and remedy, figures, and what the last self-tests said."""
        return Response(reporting.last_report(clock.now()))


router = SimpleRouter()
for name, viewset in (*providers.api.VIEWSETS, *notifications.api.VIEWSETS, *marketplace.api.VIEWSETS):
    router.register(name, viewset, basename=name)

urlpatterns = [
    path("v1/", include(router.urls)),
    path("v1/status/", StatusView.as_view(), name="api_status"),
    path("schema/", SpectacularAPIView.as_view(), name="api_schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api_schema"), name="api_docs"),
    re_path(r"^.*$", problems.not_found),
]
