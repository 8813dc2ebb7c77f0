"""A letter over SMTP: what a server answers is told apart, and nothing ends a header early."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from portal.gateways.mail.smtp import SmtpMail, look_at
from portal.ports import MailNotSent
from portal.values.mail import TEST, Letter, Reader
from portal.values.mail.server import MailServer, sender_of, server_of
from tests.mail.servers import Mailbox, certificate, server, with_password

READER = Reader("nora@north.test", "it_IT", "Europe/Rome", "North Video", "billing@north.test")
LETTER = Letter(
    "7.20261105", TEST, {"name": "Nora", "place": "North Video"}, READER, "https://x.test/y"
)


def mail(port: int, url: str = "smtp://127.0.0.1:{}") -> SmtpMail:
    found = server_of(url.format(port), "billing@portal.test")
    assert found is not None
    return SmtpMail(found, lambda: datetime(2026, 11, 5, 12, tzinfo=UTC))


async def test_a_letter_is_text_and_html_alike_in_the_readers_language() -> None:
    mailbox = Mailbox()
    async with server(mailbox) as port:
        await mail(port).send(LETTER)
    (letter,) = mailbox.letters
    assert mailbox.senders == ["billing@portal.test"]
    assert letter["From"] == "North Video <billing@portal.test>"
    assert letter["Reply-To"] == "billing@north.test"
    assert letter["To"] == "nora@north.test"
    assert letter["Message-ID"] == "<7.20261105@portal.test>"
    assert "North Video" in letter["Subject"]
    assert letter["Subject"] == LETTER.subject
    text, html = (letter.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    for part in (text, html):
        assert part.get_content().count("https://x.test/y") == 1
        assert "Nora" in part.get_content()
    assert '<html lang="it"' in html.get_content()


async def test_what_people_are_called_ends_no_header_and_no_tag() -> None:
    """A name with a line end, a quote, a tag: it is a name, and nothing else."""
    evil = 'Nora\r\nBcc: all@evil.test\r\n\r\n<script>\u202e"; x'
    reader = replace(READER, place=evil, reply_to="")
    mailbox = Mailbox()
    async with server(mailbox) as port:
        await mail(port).send(replace(LETTER, reader=reader, facts={"name": evil, "place": evil}))
    (letter,) = mailbox.letters
    assert letter["Bcc"] is None
    assert set(letter.keys()) == {
        *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"),
        *("MIME-Version", "Content-Type"),
    }
    html = letter.get_body(("html",))
    assert html is not None
    assert "<script>" not in html.get_content()


@pytest.mark.parametrize(
    ("recipient", "data", "is_final"),
    [
        ("450 4.2.0 Greylisted, try again in 300 seconds", "", False),
        ("550 5.1.1 There is nobody of that name", "", True),
        ("", "451 4.3.0 Not now", False),
        ("", "554 5.7.1 This is unwanted", True),
    ],
)
async def test_not_now_and_never_are_told_apart(recipient: str, data: str, is_final: bool) -> None:
    mailbox = Mailbox()
    mailbox.recipients = [recipient] if recipient else []
    mailbox.answers = [data] if data else []
    async with server(mailbox) as port:
        with pytest.raises(MailNotSent) as refused:
            await mail(port).send(LETTER)
    assert refused.value.is_final is is_final
    assert (recipient or data).partition(" ")[0] in refused.value.reason


async def test_a_line_that_drops_and_a_server_that_is_away_are_tried_again() -> None:
    mailbox = Mailbox()
    mailbox.hang_up = 1
    async with server(mailbox) as port:
        with pytest.raises(MailNotSent) as dropped:
            await mail(port).send(LETTER)
        assert not dropped.value.is_final
        await mail(port).send(LETTER)
    with pytest.raises(MailNotSent) as away:
        await mail(port).send(LETTER)
    assert not away.value.is_final
    assert len(mailbox.letters) == 1


# The server's own half of a handshake that broke off is left to the collector by asyncio.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("how", ["smtps", "starttls"])
async def test_tls_is_checked_before_a_password_goes_over_it(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, trusted = certificate(tmp_path)
    mailbox = Mailbox()
    url = f"{how}://nora:p%40ss%20word@localhost:{{}}"
    options: dict[str, Any] = {"authenticator": with_password}
    # aiosmtpd calls only STARTTLS TLS: from the first byte it would offer no password at all.
    options |= (
        {"auth_require_tls": False}
        if how == "smtps"
        else {"require_starttls": True, "auth_required": True}
    )
    options |= {("ssl_context" if how == "smtps" else "tls_context"): context}
    async with server(mailbox, **options) as port:
        with pytest.raises(MailNotSent) as unknown:
            await mail(port, url).send(LETTER)
        assert not unknown.value.is_final
        assert how == "smtps" or "certificate" in unknown.value.reason
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    async with server(mailbox, **options) as port:
        await mail(port, url).send(LETTER)
        await look_at(mail(port, url).server)
        with pytest.raises(MailNotSent, match="535") as wrong:
            await look_at(replace(mail(port, url).server, password="other"))
        assert not wrong.value.is_final
    assert len(mailbox.letters) == 1


async def test_starttls_is_never_done_without() -> None:
    """A server, or somebody in between, that has no TLS gets no letter."""
    mailbox = Mailbox()
    async with server(mailbox) as port:
        with pytest.raises(MailNotSent):
            await mail(port, "starttls://127.0.0.1:{}").send(LETTER)
    assert mailbox.letters == []


def test_a_password_is_in_no_text_of_the_server() -> None:
    found = MailServer("mail.test", 465, "tls", "a@b.test", "nora", "hunter2")
    assert "hunter2" not in f"{found} {found!r}"


@pytest.mark.parametrize(
    ("host", "sender"),
    [
        ("billing.north.test", "camledger@billing.north.test"),
        ("127.0.0.1", "camledger@localhost"),
        ("::1", "camledger@localhost"),
    ],
)
def test_mail_comes_from_the_installations_own_name(host: str, sender: str) -> None:
    assert sender_of(host) == sender
