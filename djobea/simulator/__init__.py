"""Twilio's stand-in: the REST API, the webhooks and the phones of a town, in one process and in memory.

It imports nothing of ours and no Django, and meets Djobea only over HTTP. `python -m djobea.simulator --help` lists
the options; `docs/simulator.md` describes the API it stands in for, the control API and the page.
"""
