"""Pages of the server."""

from django.urls import include, path  # type: ignore[import-not-found]

urlpatterns = [path("cas/", include("cas_server.urls", namespace="cas_server"))]
