"""A status moves only where the model lets it, in the database too: whoever writes, by whatever way."""

import json

from django.db import migrations

MOVES = {
    "marketplace_job": {
        "confirmed": ["assigned"],
        "on_the_way": ["assigned", "confirmed"],
        "started": ["assigned", "confirmed", "on_the_way"],
        "done": ["assigned", "confirmed", "on_the_way", "started"],
        "cancelled": ["assigned", "confirmed", "on_the_way", "started"],
        "no_show": ["assigned", "confirmed", "on_the_way"],
    },
    "marketplace_offer": {
        "open": ["declined", "expired", "taken", "unreachable", "withdrawn"],
        "accepted": ["open"],
        "declined": ["open"],
        "taken": ["open"],
        "expired": ["open"],
        "unreachable": ["open"],
        "withdrawn": ["open"],
        "released": ["accepted"],
    },
    "marketplace_servicerequest": {
        "searching": ["draft", "matched", "waiting"],
        "waiting": ["searching"],
        "matched": ["searching"],
        "done": ["matched"],
        "cancelled": ["draft", "matched", "searching", "waiting"],
        "expired": ["draft", "searching", "waiting"],
    },
}

GUARD = """
CREATE FUNCTION djobea_guard_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT coalesce((TG_ARGV[0]::jsonb -> NEW.status) ? OLD.status, false) THEN
        RAISE EXCEPTION '%: no way leads from % to %', TG_TABLE_NAME, OLD.status, NEW.status
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""


def trigger(table: str) -> tuple[str, str]:
    """The statement that guards a table, and the one that takes the guard away."""
    moves = json.dumps(MOVES[table], sort_keys=True)
    return (
        f"""
        CREATE TRIGGER status_moves_legally BEFORE UPDATE OF status ON {table} FOR EACH ROW
        WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION djobea_guard_move('{moves}')
        """,
        f"DROP TRIGGER status_moves_legally ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("marketplace", "0007_confirmed_jobs")]

    operations = [
        migrations.RunSQL(GUARD, "DROP FUNCTION djobea_guard_move()"),
        *(migrations.RunSQL(*trigger(table)) for table in MOVES),
    ]
