"""Support, news, people, guides, mails."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from allauth.account.forms import LoginForm
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message as Told

from prorata.customers.models import Customer, Membership, User
from prorata.guides.guide import reading_minutes
from prorata.guides.library import GUIDES
from prorata.guides.models import Reaction
from prorata.guides.pictures import picture
from prorata.language import language
from prorata.notices.kinds import FIXED, OPTIONAL
from prorata.notices.models import Mail
from prorata.portal.catalogue.made_up import NOW, ZONE, aiko, customer, with_rows
from prorata.portal.catalogue.rows import Rows
from prorata.portal.prerequisites import Asked
from prorata.portal.ticket_words import SIGNS
from prorata.portal.views.guides import feeling_words
from prorata.portal.views.people import NewPersonForm, role_words
from prorata.portal.views.profile import ProfileForm
from prorata.support.about import About
from prorata.support.models import Attachment, Content, Message, Ticket
from prorata.support.refused import CannotWrite

Context = dict[str, Any]
ABOUT = "change:C-9QXM-71TV"
# What the banner says to staff who view the portal of a customer.
VIEWED = {
    "customer": customer().name, "reason": "To see why the slider stops at 3 GB, as you asked.", "zone": ZONE,
    "until": NOW + timedelta(minutes=30),
}  # fmt: skip


def _ticket(state: str) -> Ticket:
    return Ticket(
        pk=0, reference="S-3F8M-2KQA", customer=customer(), opened_by=aiko(), state=state, state_since=NOW, created_at=NOW,
        subject="The machine still shows 4 GB of memory", about=ABOUT, about_label="Change C-9QXM-71TV of web-01",
    )  # fmt: skip


def tickets() -> Context:
    rows = [{"ticket": _ticket(state), "sign": sign} for state, sign in SIGNS.items()]
    return {"rows": rows, "page": Rows(), "zone": ZONE}


def no_tickets() -> Context:
    return {"rows": [], "page": Rows(more=False), "zone": ZONE}


def _form(**changed: Any) -> Context:
    return {"key": "made-up", "text": "", "accept": ".png,.pdf", "most_files": 5, "largest_mb": 5} | changed


def ticket() -> Context:
    """The customer, by mail, with a file and one that was removed; our staff; the system."""
    log = Attachment(pk=0, name="free.log", size=2_048)
    log.content = Content(attachment=log)
    removed = Attachment(pk=1, name="screen.png", size=81_000)
    removed._state.fields_cache["content"] = None
    said: tuple[tuple[str, str, list[Attachment]], ...] = (
        (
            "customer",
            "free -h shows 4 GB, and the change says it is applied.\nWhat is missing?",
            [log, removed],
        ),
        ("staff", "It takes effect at the next restart. Restart web-01 when it suits you.", []),
        ("system", "The ticket closes by itself on 22 August if nothing more is written.", []),
    )
    talk = [
        with_rows(
            Message(
                pk=n,
                author=author, by=aiko(), text=text, at=NOW + timedelta(minutes=9 * n),
                came_by="mail" if author == "customer" else "portal",
            ),
            attachments=files,
        )
        for n, (author, text, files) in enumerate(said)
    ]  # fmt: skip
    found = _ticket("answered")
    return {
        "ticket": found, "sign": SIGNS[found.state], "about_page": "/catalogue", "zone": ZONE, "talk": talk,
    } | _form()  # fmt: skip


def closed() -> Context:
    return ticket() | {"ticket": _ticket("closed"), "sign": SIGNS["closed"], "talk": []}


def ask() -> Context:
    about = About(origin=ABOUT, label="Change C-9QXM-71TV of web-01", customer_id=0, row=customer())
    return {
        "about": about,
        "about_page": "/catalogue",
        "customers": [customer()],
        "customer_id": 0,
        "subject": "",
    } | _form()


def refused() -> Context:
    """For which of two customers, and what is wrong."""
    both = [customer(), Customer(pk=1, name="Tanaka Photo")]
    wrong = CannotWrite("Write what happened: the message is empty.", field="text")
    return ask() | {"about": None, "customers": both, "customer_id": 1, "refused": wrong}


def _mail(pk: int, subject: str) -> Mail:
    body = "Your change C-9QXM-71TV of web-01 is applied.\n\nhttps://portal.example/changes/C-9QXM-71TV\n\nBestnet K.K."
    return Mail(pk=pk, to="aiko@tanaka.example", subject=subject, body=body, state="sent", created_at=NOW)


def news() -> Context:
    told = (
        _mail(3, "web-01 was changed"),
        _mail(2, "Paid: INV-000031"),
        _mail(1, "Your credit of ¥2,431 is booked"),
    )
    return {"page": Rows(*told), "seen": 1, "zone": ZONE}


def no_news() -> Context:
    return {"page": Rows(more=False), "seen": 0, "zone": ZONE}


def letter() -> Context:
    return {"told": _mail(3, "web-01 was changed"), "zone": ZONE}


def letter_not_sent() -> Context:
    told = _mail(3, "web-01 was changed")
    told.state = Mail.State.OFF
    return {"told": told, "zone": ZONE}


def which_mails() -> Context:
    rows = [(kind, kind.code != "gift_ends") for kind in OPTIONAL]
    group = {"customer": customer(), "rows": rows, "may": True, "only_owners": ""}
    return {"groups": [group], "fixed": FIXED}


def which_mails_read() -> Context:
    (group,) = which_mails()["groups"]
    read = {"may": False, "only_owners": "Only an owner can change this: Aiko Tanaka."}
    return {"groups": [group | read], "fixed": FIXED}


def which_mails_of_nobody() -> Context:
    return {"groups": [], "fixed": FIXED}


def mails() -> Context:
    return news()


def mail() -> Context:
    return {"mail": _mail(3, "web-01 was changed"), "zone": ZONE}


def _members() -> list[Membership]:
    kenji = User(pk=1, email="kenji@tanaka.example", name="Kenji Mori")
    return [
        Membership(pk=n, user=user, customer=customer(), role=role)
        for n, (user, role) in enumerate(((aiko(), "owner"), (kenji, "technical")))
    ]


def people() -> Context:
    form = NewPersonForm({"name": "", "email": "kenji@", "role": "reader"})
    group = {"customer": customer(), "members": _members(), "may": True, "form": form}
    return {"groups": [group], "roles": role_words(), "errors": True}


def people_read() -> Context:
    group = {"customer": customer(), "members": _members(), "may": False, "form": NewPersonForm()}
    return {"groups": [group], "roles": role_words(), "errors": False}


def let_go() -> Context:
    return {"member": _members()[1], "myself": False}


def profile() -> Context:
    return {
        "form": ProfileForm(
            {"name": "Aiko Tanaka", "language": "ja", "time_zone": "Nowhere"}, instance=aiko()
        )
    }


def guides() -> Context:
    return {"rows": [(one, reading_minutes(one)) for one in GUIDES.values()]}


def guide() -> Context:
    """With its pictures and their numbered boxes, something that is met, something that is not, and an answer given."""
    found = next(iter(GUIDES.values()))
    asked = [
        Asked(words="web-01 is Active, and you may change it.", met=True),
        Asked(words="A payment method is chosen.", met=False, address="/catalogue", link="Payment methods"),
        Asked(words="You are signed in.", met=None),
    ]
    steps = [
        (n, step, "/catalogue", picture(found.slug, step.key, language()))
        for n, step in enumerate(found.steps, start=1)
    ]
    return {
        "guide": found, "minutes": reading_minutes(found), "asked": asked, "steps": steps,
        "related": [GUIDES[other] for other in found.related], "feelings": feeling_words(),
        "said": Reaction(feeling="happy", step=2, comment="Clear."),
    }  # fmt: skip


def not_ready() -> Context:
    return {}


def view_refused() -> Context:
    return {"viewed": VIEWED}


def messages() -> Context:
    """What stands once at the head of a page: one of each kind."""
    said = {
        "INFO": "It is being deleted.",
        "SUCCESS": "Sent.",
        "WARNING": "The machine does not answer.",
        "ERROR": "Refused.",
    }
    return no_news() | {"messages": [Told(getattr(constants, level), words) for level, words in said.items()]}


def sign_in() -> Context:
    return {"form": LoginForm({"login": "aiko@", "password": ""})}


# Slug -> title, template and what it is shown with: signing in, its building blocks, and what went wrong.
FRAME: dict[str, tuple[str, str, Callable[[], Context]]] = {
    "messages": ("Messages", "portal/notifications.html", messages),
    "view-refused": ("View as customer: refused", "portal/view_refused.html", view_refused),
    "sign-in": ("Sign in: wrong", "account/login.html", sign_in),
    "account": ("Account: building blocks", "portal/catalogue/account.html", sign_in),
    **{
        f"error-{name}".replace("_", "-"): (f"Error {name}", f"{name}.html", dict)
        for name in ("400", "403", "403_csrf", "404", "429", "500")
    },
}
