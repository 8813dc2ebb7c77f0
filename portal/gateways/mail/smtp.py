"""A mail server, spoken to over SMTP: one connection a letter, every wait bounded."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.utils import format_datetime
from typing import Final

import aiosmtplib

from portal.gateways.mail.letters import written
from portal.ports import Mail, MailNotSent
from portal.values.mail import Letter
from portal.values.mail.server import MailServer
from portal.values.text import cleaned, shown
from portal.waiting import refuse_in_transaction

SECONDS_MAX: Final = 30
"""Of one step; a letter takes a few."""
LETTER_SECONDS_MAX: Final = 120
REASON_MAX: Final = 300
FOR_GOOD: Final = 500
"""Answers from here on say that another try would end the same."""


@dataclass(frozen=True, slots=True)
class SmtpMail(Mail):
    """The server of an installation. `clock` dates the letters."""

    server: MailServer
    clock: Callable[[], datetime]

    async def send(self, letter: Letter) -> None:
        """Hand a letter over. Raises `MailNotSent`, which says what the server said."""
        refuse_in_transaction("A mail server")
        try:
            message = message_of(letter, self.server.sender, self.clock())
            to = (letter.reader.address, *letter.reader.others)
        except ValueError as error:
            raise MailNotSent(f"no such letter can be written: {error}", is_final=True) from error
        async with _answering():
            await self._hand_over(message, to)

    async def _hand_over(self, message: EmailMessage, to: tuple[str, ...]) -> None:
        async with _client(self.server) as client:
            refused, _answer = await client.send_message(
                message, sender=self.server.sender, recipients=to
            )
        if refused:
            taken = tuple(address for address in to if address not in refused)
            told = "; ".join(f"{one}: {_said(*refused[one])}" for one in to if one in refused)
            is_final = all(code >= FOR_GOOD for code, _said_of in refused.values())
            raise MailNotSent(shown(told, REASON_MAX), is_final=is_final, taken=taken)


async def look_at(server: MailServer) -> None:
    """Connect and sign in, as for a letter, and send none. Raises `MailNotSent`."""
    async with _answering(), _client(server):
        pass


def _client(server: MailServer) -> aiosmtplib.SMTP:
    return aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        use_tls=server.security == "tls",
        start_tls={"tls": False, "starttls": True, "offered": None}[server.security],
        tls_context=_trust(server),
        username=server.user or None,
        password=server.password or None,
        timeout=SECONDS_MAX,
    )


@asynccontextmanager
async def _answering() -> AsyncIterator[None]:
    """What a server answers, or does not, as `MailNotSent`."""
    try:
        async with asyncio.timeout(LETTER_SECONDS_MAX):
            yield
    except aiosmtplib.SMTPRecipientsRefused as error:
        (first, *more) = error.recipients
        # Of several refusals one that is not for good is worth another try.
        told = next((one for one in (first, *more) if one.code < FOR_GOOD), first)
        raise _refused(told.code, told.message) from error
    except aiosmtplib.SMTPAuthenticationError as error:
        # Whoever put in the password puts it right; until then the mail waits.
        raise MailNotSent(_said(error.code, error.message), is_final=False) from error
    except aiosmtplib.SMTPResponseException as error:
        raise _refused(error.code, error.message) from error
    except aiosmtplib.SMTPNotSupported as error:
        raise MailNotSent(_readable(str(error)), is_final=True) from error
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        raise MailNotSent(_reason(error), is_final=False) from error


def _reason(error: BaseException) -> str:
    """What went wrong, with what lies below it: a certificate that is not trusted, say."""
    told, below = str(error), error.__cause__
    if below is not None and (deeper := str(below) or type(below).__name__) not in told:
        told = f"{told} {deeper}"
    return _readable(told) or type(error).__name__


def _trust(server: MailServer) -> ssl.SSLContext:
    """What a certificate is checked by; nothing where plain text would do as well."""
    context = ssl.create_default_context()
    if server.security == "offered":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def message_of(letter: Letter, sender: str, now: datetime) -> EmailMessage:
    """The letter as it goes over the wire: text and HTML alike. Raises ValueError.

    Names come from people: what could end a header is taken out before it gets there.
    """
    message = EmailMessage(policy=WIRE)
    name = cleaned(letter.reader.place, 100)
    local, _at, domain = sender.rpartition("@")
    message["From"] = Address(name, local, domain)
    to = (letter.reader.address, *letter.reader.others)
    message["To"] = tuple(_address(address) for address in to)
    if letter.reader.reply_to:
        message["Reply-To"] = _address(letter.reader.reply_to)
    message["Subject"] = cleaned(letter.subject, 200)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{letter.name}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    text, html = written(letter)
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    for file in letter.files:
        kind, _slash, form = file.media_type.partition("/")
        message.add_attachment(file.content, maintype=kind, subtype=form, filename=file.name)
    return message


def _address(text: str) -> Address:
    local, _at, domain = text.rpartition("@")
    return Address("", local, domain)


def _refused(code: int, message: str) -> MailNotSent:
    """4xx is "not now", of a server that keeps unknown senders waiting, say; 5xx is "never"."""
    return MailNotSent(_said(code, message), is_final=code >= FOR_GOOD)


def _said(code: int, message: str) -> str:
    return _readable(f"{code} {message}")


def _readable(text: str) -> str:
    return shown(" ".join(text.split()), REASON_MAX)
