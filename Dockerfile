FROM python:3.11-slim
RUN useradd --create-home djobea && mkdir -p /srv/djobea && chown djobea /srv/djobea
WORKDIR /srv/djobea
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY --chown=djobea . .
USER djobea
# A made-up key: collecting files needs settings, not secrets.
RUN DEBUG=0 SECRET_KEY=only-for-collectstatic-0123456789-0123456789-0123456789 DATABASE_URL=postgres://nobody@localhost/none \
    python manage.py collectstatic --noinput --verbosity 0
ENV PYTHONUNBUFFERED=1
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "4", "--no-ws", "djobea.wsgi:application"]
