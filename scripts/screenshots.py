"""Takes the pictures of docs/images/ anew, by one command, from a database that it fills itself and drops at the end.

    python scripts/screenshots.py                 # all of SHOTS
    python scripts/screenshots.py dashboard queue # some of them
    python scripts/screenshots.py --look /tmp/x   # each also on a phone and in the dark, to look at

A new screen is a new row of SHOTS; rows that it needs come from `screenshot_story.py`. Needs Chromium (CHROMIUM names
it) and a PostgreSQL server (DATABASE_URL, else the embedded one).
"""

import argparse
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
DESKTOP: Final = (1360, 860)
PHONE: Final = (390, 844)
OURS: Final = {
    "DJANGO_SETTINGS_MODULE": "djobea.settings",
    "DJANGO_ALLOW_ASYNC_UNSAFE": "true",  # Playwright's loop runs in this thread
    "ENV_FILE": os.devnull,
    "DEBUG": "1",
    "SECRET_KEY": "screenshots-" + "0" * 50,
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 28 + "d3b0",
    "TWILIO_AUTH_TOKEN": "d3b0" * 8,
    "TWILIO_API_BASE_URL": "http://127.0.0.1:9",  # nobody there: no picture may reach Twilio
    "TWILIO_WHATSAPP_FROM": "whatsapp:+14155238886",
    "TWILIO_SMS_FROM": "DJOBEA",
    "TWILIO_DAILY_LIMIT": "250",
    "EMAIL_URL": "consolemail://",
    "LOG_LEVEL": "ERROR",
}


@dataclass(frozen=True)
class Shot:
    """One picture: docs/images/<name>.png.

    `address` gives the page's path once the rows are there; `before` may click on something first.
    """

    name: str
    address: Callable[[], str]
    is_phone: bool = False
    is_dark: bool = False
    before: Callable[[Any], None] = lambda _page: None
    whole_page: bool = False


def page(name: str, *args: object, **query: str) -> Callable[[], str]:
    """The address of a page of the console by its name."""

    def address() -> str:
        from django.urls import reverse  # noqa: PLC0415  after the settings

        return reverse(f"admin:{name}", args=args, query=query or None)

    return address


def row(model: str, page_name: str = "change", **facts: Any) -> Callable[[], str]:
    """The address of a page of the newest row of "app.model" with these facts."""

    def address() -> str:
        from django.apps import apps  # noqa: PLC0415  after the settings
        from django.urls import reverse  # noqa: PLC0415

        found = apps.get_model(model)._default_manager.filter(**facts).latest("pk")  # noqa: SLF001  public in Django
        return reverse(f"admin:{model.replace('.', '_')}_{page_name}", args=[found.pk])

    return address


def look_at_the_reply(view: Any) -> None:
    """The last of the templates, chosen and begun."""
    view.locator(".dj-choice input[type=radio]").last.check()
    view.locator(".dj-choice input[name^=time-]").fill("14:00")
    view.locator(".dj-reply").scroll_into_view_if_needed()


SHOTS: Final = (
    Shot("dashboard", page("index")),
    Shot("dashboard-phone", page("index"), is_phone=True, is_dark=True),
    Shot("status-report", lambda: "/admin/status/"),
    Shot("queue", page("notifications_notification_changelist")),
    Shot("dead-letters", page("notifications_notification_changelist", status__exact="dead")),
    Shot("causes", page("notifications_notification_causes")),
    Shot("dry-run", page("notifications_notification_act", "retry", scope="all", status__exact="dead")),
    Shot("message", row("notifications.notification", status="dead", last_error_code="63024")),
    Shot("alerts", page("notifications_escalationalert_changelist")),
    Shot("alert", row("notifications.escalationalert", severity="critical")),
    Shot("channel", row("notifications.channel", name="sms")),
    Shot("playbook", page("notifications_channel_playbook")),
    Shot("escalation", page("notifications_escalationstep_changelist")),
    Shot("templates", page("notifications_messagetemplate_changelist")),
    Shot("template-previews", page("notifications_messagetemplate_previews")),
    Shot("export", page("notifications_notification_export", scope="all", status__exact="dead")),
    Shot("requests-board", page("marketplace_servicerequest_board")),
    Shot("request", row("marketplace.servicerequest", status="matched")),
    Shot("what-if", row("marketplace.servicerequest", "lab", status="matched")),
    Shot("assign", row("marketplace.servicerequest", "assign", status="searching")),
    Shot("inbox", page("marketplace_conversation_inbox")),
    Shot("talk", row("marketplace.conversation", needs_human=True)),
    Shot("talk-phone", row("marketplace.conversation", needs_human=True), is_phone=True, is_dark=True),
    Shot("reply-templates", row("marketplace.conversation", operator__isnull=False), before=look_at_the_reply),
    Shot("providers", page("providers_provider_changelist")),
    Shot("provider", row("providers.provider")),
    Shot("providers-import", page("providers_provider_import")),
    Shot("demand-and-supply", page("marketplace_matchrun_network"), whole_page=True),
    Shot("recruit", page("marketplace_matchrun_recruit")),
    Shot(
        "weights",
        page(
            "providers_scoreweights_add",
            distance="50",
            rating="30",
            acceptance="0",
            load="10",
            fairness="10",
            response="0",
        ),
    ),
    Shot(
        "reading",
        page("marketplace_vocabularyentry_read", text="l'eau coule partout sous l'évier à Bonamoussadi, vite"),
    ),
    Shot("second-step", lambda: "/admin/second-step/enrol/"),
    Shot("keys", page("index"), before=lambda view: view.keyboard.press("?") or view.wait_for_selector("dialog[open]")),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="pictures to take; default: all")
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--look", type=Path, help="write into this folder instead, also as on a phone and in the dark")
    options = parser.parse_args()
    chosen = [shot for shot in SHOTS if not options.names or shot.name in options.names]
    if unknown := set(options.names) - {shot.name for shot in SHOTS}:
        parser.error(f"no picture is called {', '.join(sorted(unknown))}")
    if options.look:
        chosen = [each for shot in chosen for each in ways_of(shot)]
    with furnished_house() as (base, cookie):
        take(chosen, base, cookie, options.look or options.to)


def ways_of(shot: Shot) -> Iterator[Shot]:
    """The same page on a screen and on a phone, by day and by night."""
    for name, is_phone in (("", False), ("-phone", True)):
        for ending, is_dark in (("", False), ("-dark", True)):
            yield replace(shot, name=f"{shot.name}{name}{ending}", is_phone=is_phone, is_dark=is_dark, whole_page=True)


@contextmanager
def furnished_house() -> Iterator[tuple[str, tuple[str, str]]]:
    """A database with rows and a web server before it; gives its address and the cookie of somebody logged in."""
    os.environ |= OURS
    import django  # noqa: PLC0415  after the settings

    django.setup()
    from django.conf import settings  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415
    from screenshot_story import furnish  # noqa: PLC0415

    connection.settings_dict["CONN_MAX_AGE"] = 0  # the server's threads must not hold the database at its end
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        client = Client()
        client.force_login(furnish(), backend="django.contrib.auth.backends.ModelBackend")
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        with web_server() as port:
            yield f"http://127.0.0.1:{port}", (cookie.key, cookie.value)
    finally:
        with connection.cursor() as cursor:  # a thread of the server may still hold a line
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        connection.creation.destroy_test_db(connection.settings_dict["NAME"], verbosity=0)


@contextmanager
def web_server() -> Iterator[int]:
    """Django's own server with static files, in threads of this process."""
    from django.contrib.staticfiles.handlers import StaticFilesHandler  # noqa: PLC0415  after the settings
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler  # noqa: PLC0415
    from django.core.wsgi import get_wsgi_application  # noqa: PLC0415

    server = ThreadedWSGIServer(("127.0.0.1", 0), WSGIRequestHandler, connections_override=None)
    server.set_app(StaticFilesHandler(get_wsgi_application()))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def take(shots: list[Shot], base: str, cookie: tuple[str, str], folder: Path) -> None:
    """Open each page and write its picture into the folder."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  only here

    folder.mkdir(parents=True, exist_ok=True)
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars"]
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        for shot in shots:
            size = PHONE if shot.is_phone else DESKTOP
            context = browser.new_context(
                viewport={"width": size[0], "height": size[1]},
                locale="fr-FR",
                timezone_id="Africa/Douala",
                color_scheme="dark" if shot.is_dark else "light",
                reduced_motion="reduce",
            )
            context.add_cookies([{"name": cookie[0], "value": cookie[1], "url": base}])
            view = context.new_page()
            answer = view.goto(base + shot.address(), wait_until="networkidle")
            if answer is None or not answer.ok:
                raise SystemExit(f"{shot.name}: {shot.address()} answered {answer.status if answer else 'nothing'}")
            shot.before(view)
            width = view.evaluate("document.documentElement.scrollWidth")
            is_too_wide = "" if width <= size[0] else f"  WIDER THAN THE SCREEN: {width}"
            view.screenshot(path=folder / f"{shot.name}.png", full_page=shot.whole_page, animations="disabled")
            print(f"{shot.name:24} {shot.address()}{is_too_wide}", flush=True)
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
