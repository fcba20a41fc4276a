# Djobea: `make demo` runs the whole product, `make test` runs all tests. Both need Python 3.11 or newer, nothing else.
# Settings on the command line: make demo PORT=9000 DATABASE_URL=postgres://user:password@host/name
.PHONY: demo test help
.DEFAULT_GOAL := help
export PORT DATABASE_URL TEST_DATABASE_URL

help:
	@echo "make demo   run Djobea with simulated phones; PORT=... and DATABASE_URL=... are honoured"
	@echo "make test   run all tests; TEST_DATABASE_URL=... names another server for them"

demo:
	@sh scripts/environment.sh requirements.txt
	@exec .venv/bin/python manage.py demo

test:
	@sh scripts/environment.sh requirements-dev.txt
	@exec sh scripts/test.sh
