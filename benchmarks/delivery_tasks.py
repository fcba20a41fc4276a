"""The task of `delivery_django.py`."""

from django_tasks import task

from benchmarks import delivery_channel as channel


@task()
def deliver(number: int) -> None:
    channel.send(number)
