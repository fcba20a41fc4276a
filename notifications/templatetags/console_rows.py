"""`{% console_rows cl %}`: the rows of a list in the theme's look, at a fifth of the work.

The theme draws the heads of the columns anew for every row and gives every cell thirty class names. Here what a column
has in common is found once a list, and a cell carries the one class `dj-cell` (console.css).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django import template
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.contrib.admin.utils import lookup_field
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import DateField, ForeignKey, Model, TimeField
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from unfold.templatetags.unfold_list import result_headers
from unfold.utils import display_for_field, display_for_value

register = template.Library()
BOX: Final = "action_checkbox"


@dataclass(frozen=True)
class Column:
    """What the cells of a column have in common."""

    name: str
    begin: str  # the cell's tag
    end: str
    is_link: bool  # to the row's own page


@register.inclusion_tag("djobea/rows.html", takes_context=True)
def console_rows(context: template.Context, cl: ChangeList) -> dict[str, Any]:
    """Heads and rows of a list that has no form in its rows."""
    heads = list(result_headers(cl))
    columns = _columns(cl, [head["text"] for head in heads])
    return {
        "cl": cl,
        "result_headers": heads,
        "num_sorted_fields": sum(1 for head in heads if head["sortable"] and head["sorted"]),
        "rows": [_row(cl, columns, row) for row in cl.result_list],
        "has_add_permission": context.get("has_add_permission"),
    }


def _columns(cl: ChangeList, titles: list[Any]) -> list[Column]:
    columns: list[Column] = []
    linked = set(cl.list_display_links or ())
    if cl.list_display_links is not None and not linked:
        linked = {next(iter(name for name in cl.list_display if name != BOX), "")}
    for name, title in zip(cl.list_display, titles, strict=True):
        label = _("Select record") if name == BOX else capfirst(title)
        is_link = name in linked
        # The first link names the row for those who hear the page.
        tag = "th" if is_link and not any(column.is_link for column in columns) else "td"
        kind = "dj-box" if name == BOX else f"field-{_short(name)}{_nowrap(cl, name)}"
        begin = format_html('<{} class="dj-cell {}" data-label="{}">', tag, kind, label)
        columns.append(Column(str(name), begin, f"</{tag}>", is_link))
    return columns


def _short(name: Any) -> str:
    return str(getattr(name, "__name__", name))


def _nowrap(cl: ChangeList, name: Any) -> str:
    """Days and other rows keep to one line."""
    field = next((each for each in cl.lookup_opts.get_fields() if each.name == name), None)
    return " nowrap" if isinstance(field, DateField | TimeField | ForeignKey) else ""


def _row(cl: ChangeList, columns: list[Column], row: Model) -> SafeString:
    return mark_safe("".join(_cells(cl, columns, row)))  # noqa: S308  each part is escaped


def _cells(cl: ChangeList, columns: list[Column], row: Model) -> Iterator[str]:
    for column in columns:
        said = conditional_escape(_value(cl, column.name, row))
        yield f"{column.begin}{_link(cl, row, said) if column.is_link else said}{column.end}"


def _link(cl: ChangeList, row: Model, said: str) -> str:
    """To the row's page, which keeps the list's filter for the way back."""
    page = add_preserved_filters({"preserved_filters": cl.preserved_filters, "opts": cl.opts}, cl.url_for_result(row))
    opener = format_html(' data-popup-opener="{}"', row.pk) if cl.is_popup else ""
    return format_html('<a href="{}" class="dj-row-link"{}>{}</a>', page, opener, said)


def _value(cl: ChangeList, name: str, row: Model) -> Any:
    """What a cell shows, as the theme shows it."""
    nothing = cl.model_admin.get_empty_value_display()
    try:
        field, source, value = lookup_field(name, row, cl.model_admin)
    except ObjectDoesNotExist:
        return nothing
    nothing = getattr(source, "empty_value_display", nothing)
    if field is None or field.auto_created:
        if isinstance(value, str):
            return value
        return display_for_value(value, nothing, getattr(source, "boolean", False))
    if isinstance(field, ForeignKey):
        return nothing if value is None else getattr(row, field.name)
    return display_for_field(value, field, nothing)
