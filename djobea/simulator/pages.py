"""The page with the phones: static files, with a policy that lets nothing else run."""

from pathlib import Path
from typing import Final

from aiohttp import web

STATIC: Final = Path(__file__).parent / "static"
SECURITY_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def routes() -> list[web.AbstractRouteDef]:
    """The page and its files."""
    return [web.get("/", index), web.get("/health", health), web.static("/static", STATIC)]


async def index(_request: web.Request) -> web.FileResponse:
    """The page."""
    return web.FileResponse(STATIC / "index.html")


async def health(_request: web.Request) -> web.Response:
    """Whether the simulator stands."""
    return web.json_response({"status": "healthy"})


async def secure(request: web.Request, response: web.StreamResponse) -> None:
    """Add the security headers to the page and its files."""
    if request.path == "/" or request.path.startswith("/static/"):
        response.headers.update(SECURITY_HEADERS)
