"""django-post_office: a durable queue of mails with templates in Django; its command sends them.

Run as `post_office_mailer PORT COUNT WORKERS SIGNED DATABASE`, SIGNED 1 or 0, DATABASE the folder of its socket and its
port, a colon between; it says how long it took, seconds.
"""

from __future__ import annotations

import sys
import time

import django
import dkim
from django.conf import settings
from django.core.mail.backends.smtp import EmailBackend

from letters import DOMAIN, HTML, SELECTOR, SUBJECT, TEXT, key_file, letters

BATCH = 500
BACKENDS = ("django.core.mail.backends.smtp.EmailBackend", "peers.post_office_mailer.Signing")
HEADERS = [b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"content-type"]


class Signing(EmailBackend):
    """Django's own backend, with a signature before each message."""

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)
        self._key = key_file().read_bytes()

    def _send(self, email_message: object) -> bool:
        message = email_message.message().as_bytes(linesep="\r\n")
        signature = dkim.sign(message, SELECTOR.encode(), DOMAIN.encode(), self._key, include_headers=HEADERS)
        self.connection.sendmail(f"bounces@{DOMAIN}", email_message.recipients(), signature + message)
        return True


def configure(port: int, signed: int, database: str) -> None:
    """Set Django up as a project would, without what has nothing to do with mail."""
    folder, _, database_port = database.rpartition(":")
    settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "post_office"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": "post_office",
                "USER": "postgres",
                "HOST": folder,
                "PORT": database_port,
            }
        },
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=port,
        POST_OFFICE={"BACKENDS": {"default": BACKENDS[signed]}, "BATCH_SIZE": BATCH},
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
    )
    django.setup()


def main(port: int, count: int, workers: int, signed: int, database: str) -> None:
    """Queue all and send all, and say how long both took."""
    configure(port, signed, database)
    from django.core.management import call_command  # noqa: PLC0415  Django's modules need its settings
    from post_office import mail  # noqa: PLC0415  the same
    from post_office.models import Email, EmailTemplate  # noqa: PLC0415  the same

    call_command("migrate", verbosity=0)
    Email.objects.all().delete()
    EmailTemplate.objects.all().delete()
    template = EmailTemplate.objects.create(name="order", subject=SUBJECT, content=TEXT, html_content=HTML)
    everything = [
        {
            "recipients": letter.address,
            "sender": f"The Shop <orders@{DOMAIN}>",
            "template": template,
            "context": letter.variables,
            "render_on_delivery": True,
        }
        for letter in letters(count)
    ]
    begun_s = time.monotonic()
    for at in range(0, count, BATCH):
        mail.send_many(everything[at : at + BATCH])
    queued_s = time.monotonic()
    call_command("send_queued_mail", processes=workers, log_level=2, verbosity=0)
    ended_s = time.monotonic()
    sent = Email.objects.filter(status=0).count()
    if sent != count:
        sys.exit(f"sent {sent} of {count}: {Email.objects.exclude(status=0).first()}")
    print(ended_s - begun_s, queued_s - begun_s)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:5]), sys.argv[5])
