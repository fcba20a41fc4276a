"""What every call of the API may answer besides its own success; added to the schema."""

from http import HTTPStatus
from typing import Any, Final

from .problems import CONTENT_TYPE

READING: Final = (400, 401, 403, 404, 429)
WRITING: Final = (*READING, 409, 415, 422)
PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "errors": {"type": "object", "additionalProperties": True},
    },
    "required": ["title", "status"],
    "example": {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "There is nothing here."},
}


def add_problems(result: dict[str, Any], **_facts: Any) -> dict[str, Any]:
    """A hook of drf-spectacular: each operation names the problems that it may answer."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    for operations in result["paths"].values():
        for method, operation in operations.items():
            for status in READING if method == "get" else WRITING:
                operation["responses"].setdefault(
                    str(status),
                    {
                        "description": HTTPStatus(status).phrase,
                        "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
                    },
                )
    return result
