"""The whole product on one machine, with one command and no account anywhere: `manage.py demo`."""
