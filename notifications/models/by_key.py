"""An expression that gives each row of one UPDATE a value of its own."""

from collections.abc import Mapping
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, F, Field, Func, Value


class ByKey(Func):
    """`values[pk]` for each row of an UPDATE: two arrays and a look-up, where CASE WHEN would grow by a branch a row.

    NULL for a row whose key is missing. `column` is the field that is written, e.g. `models.TextField()`.
    """

    template = "(%(expressions)s]"
    arg_joiner = ")["

    def __init__(self, values: Mapping[int, Any], column: "Field[Any, Any]") -> None:
        keys = Value(list(values), ArrayField(BigIntegerField()))
        position = Func(keys, F("pk"), function="array_position", output_field=BigIntegerField())
        super().__init__(Value(list(values.values()), ArrayField(column)), position, output_field=column)
