"""All addresses of Djobea."""

from django.contrib import admin
from django.urls import include, path

from . import doors, keys, metrics, probes, report_page, second_step

urlpatterns = [
    path("", doors.front),
    path("admin/second-step/", second_step.ask, name="second_step"),
    path("admin/second-step/enrol/", second_step.enrol, name="second_step_enrol"),
    path("admin/keys/", admin.site.admin_view(keys.keys), name="console_keys"),
    path("admin/status/", admin.site.admin_view(report_page.status_report), name="status_report"),
    path("admin/", admin.site.urls),
    path("api/", include("djobea.api")),
    path("health/live/", probes.live, name="health_live"),
    path("health/ready/", probes.ready, name="health_ready"),
    path("metrics", metrics.metrics, name="metrics"),
    path("i18n/", include("django.conf.urls.i18n")),  # the admin's language switch
    path("simulator/", doors.simulator),
    path("", include("notifications.urls")),
    path("", include("marketplace.urls")),
]
