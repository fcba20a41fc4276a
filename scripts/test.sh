#!/bin/sh
# All tests, on a PostgreSQL of their own: in parallel first, then those that stop and start servers, one by one.
set -u
cd "$(dirname "$0")/.."
python=.venv/bin/python
workers=${TEST_WORKERS:-$($python -c 'import os; print(min(os.cpu_count() or 1, 8))')}
unset ENV_FILE DATA_DIR

finish() { $python -m djobea.postgres stop --data-dir .data/tests >/dev/null 2>&1; }
trap 'finish; exit 130' INT TERM HUP

echo "tests     | in parallel, $workers at a time"
$python -m pytest -n "$workers" -m "not restart" "$@"
parallel=$?
echo "tests     | those that stop and start servers, one by one"
$python -m pytest -p no:xdist -m restart "$@"
alone=$?
[ $alone -eq 5 ] && alone=0 # none are marked so
finish
[ $parallel -eq 0 ] && [ $alone -eq 0 ]
