"""Content templates and their approval by WhatsApp."""

from itertools import pairwise
from typing import Any

from aiohttp import web

from djobea.simulator import contents, resources
from djobea.simulator.errors import TwilioError
from djobea.simulator.state import Account, Content, World

CATEGORIES = frozenset({"UTILITY", "MARKETING", "AUTHENTICATION"})


class ContentApi:
    """Content, ApprovalRequests and ContentAndApprovals."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[web.RouteDef]:
        """All paths of these resources."""
        return [
            web.post("/v1/Content", self.create),
            web.get("/v1/Content", self.list_all),
            web.get("/v1/Content/{sid}", self.fetch),
            web.put("/v1/Content/{sid}", self.update),
            web.delete("/v1/Content/{sid}", self.delete),
            web.get("/v1/Content/{sid}/ApprovalRequests", self.fetch_approval),
            web.post("/v1/Content/{sid}/ApprovalRequests/whatsapp", self.ask_approval),
            web.get("/v1/ContentAndApprovals", self.list_with_approvals),
        ]

    async def create(self, request: web.Request) -> web.Response:
        """POST a template."""
        wish = await _json(request)
        language, types = wish.get("language"), wish.get("types")
        if not isinstance(language, str) or not language or not isinstance(types, dict) or not types:
            raise TwilioError(20422, message="language and types are required")
        contents.check(types)
        now = self._world.clock.now()
        account: Account = request["account"]
        content = Content(
            sid=self._world.new_sid("HX"),
            account_sid=account.sid,
            friendly_name=str(wish.get("friendly_name") or ""),
            language=language,
            variables={str(name): str(value) for name, value in (wish.get("variables") or {}).items()},
            types=types,
            created=now,
            updated=now,
        )
        self._world.contents[content.sid] = content
        return web.json_response(resources.content(self._world, content), status=201)

    async def list_all(self, request: web.Request) -> web.Response:
        """GET the account's templates."""
        return self._page(request, "Content", lambda each: resources.content(self._world, each))

    async def list_with_approvals(self, request: web.Request) -> web.Response:
        """GET the account's templates, each with its approval."""
        return self._page(request, "ContentAndApprovals", resources.content_and_approvals)

    async def fetch(self, request: web.Request) -> web.Response:
        """GET a template."""
        return web.json_response(resources.content(self._world, self._found(request)))

    async def update(self, request: web.Request) -> web.Response:
        """PUT new parts into a template."""
        content, wish = self._found(request), await _json(request)
        types = wish.get("types")
        if not isinstance(types, dict) or not types:
            raise TwilioError(20422, message="types is required")
        contents.check(types)
        content.types = types
        content.friendly_name = str(wish.get("friendly_name") or content.friendly_name)
        content.updated = self._world.clock.now()
        return web.json_response(resources.content(self._world, content))

    async def delete(self, request: web.Request) -> web.Response:
        """DELETE a template."""
        del self._world.contents[self._found(request).sid]
        return web.Response(status=204)

    async def ask_approval(self, request: web.Request) -> web.Response:
        """POST a template to WhatsApp: approved at once, except what WhatsApp never approves."""
        content, wish = self._found(request), await _json(request)
        name, category = str(wish.get("name") or ""), str(wish.get("category") or "")
        if not name or category not in CATEGORIES:
            raise TwilioError(20422, message=f"name is required, and category one of {', '.join(sorted(CATEGORIES))}")
        reason = _objection(content)
        content.approval = {
            "name": name,
            "category": category,
            "status": "rejected" if reason else "approved",
            "rejection_reason": reason,
        }
        # Twilio answers before WhatsApp has looked at it.
        return web.json_response(
            resources.approval(content) | {"status": "received", "rejection_reason": ""}, status=201
        )

    async def fetch_approval(self, request: web.Request) -> web.Response:
        """GET where the approval stands."""
        return web.json_response(resources.approval_fetch(self._world, self._found(request)))

    def _page(self, request: web.Request, path: str, shape: Any) -> web.Response:
        account: Account = request["account"]
        size = resources.page_size(request.query.get("PageSize"))
        page = resources.number(request.query.get("Page"), 0)
        found = [each for each in self._world.contents.values() if each.account_sid == account.sid]
        rows = [shape(each) for each in found[page * size : (page + 1) * size]]
        url = f"{self._world.public_url}/v1/{path}?"
        more = len(found) > (page + 1) * size
        return web.json_response(resources.page_v1(url, page, size, "contents", rows, more=more))

    def _found(self, request: web.Request) -> Content:
        content = self._world.contents.get(request.match_info["sid"])
        account: Account = request["account"]
        if not content or content.account_sid != account.sid:
            raise web.HTTPNotFound
        return content


async def _json(request: web.Request) -> dict[str, Any]:
    try:
        found = await request.json()
    except ValueError as error:
        raise TwilioError(20422, message="The body is not JSON") from error
    if not isinstance(found, dict):
        raise TwilioError(20422, message="The body is not a JSON object")
    return found


def _objection(content: Content) -> str:
    """Why WhatsApp would refuse the template; empty when it would not."""
    if contents.SESSION_ONLY & set(content.types):
        return "List pickers can be used in a session only."
    for part in content.types.values():
        body = str(part.get("body", "")).strip()
        marks = list(contents.PLACEHOLDER.finditer(body))
        if marks and (marks[0].start() == 0 or marks[-1].end() == len(body)):
            return "The body may not start or end with a variable."
        if any(not body[one.end() : two.start()].strip() for one, two in pairwise(marks)):
            return "The body may not have two variables side by side."
    return ""
