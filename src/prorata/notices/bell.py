"""What the portal tells of the same facts as the mails: the news of the customers a person acts for."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from prorata.customers.models import User
from prorata.customers.scope import mine
from prorata.notices.models import Mail, SeenUpTo

# More than this is "many": the bell is no counter.
MANY = 9


def news(user: User) -> QuerySet[Mail]:
    """Everything a customer of mine was told, and what was written to me alone about one of them; newest first."""
    to_me = Q(audience=Mail.Audience.PERSON, to__iexact=user.email)
    told = Mail.objects.filter(Q(audience=Mail.Audience.CUSTOMER) | to_me)
    return mine(user, told, path="customer_id").order_by("-id")


def new_ones(user: User | AnonymousUser) -> int:
    """How many of them this person has not seen yet, at most one more than MANY; one query."""
    if not isinstance(user, User) or not user.is_authenticated:
        return 0
    seen = Subquery(SeenUpTo.objects.filter(user=user).values("mail_id")[:1])
    return news(user).filter(id__gt=Coalesce(seen, 0)).order_by().values("id")[: MANY + 1].count()


def seen_up_to(user: User) -> int:
    """The newest mail this person has seen; 0 at first."""
    return SeenUpTo.objects.filter(user=user).values_list("mail_id", flat=True).first() or 0


def saw(user: User, mail_id: int) -> None:
    """Everything up to this one has been seen; never back. What staff see of a customer's news stays new."""
    if user.looks_at is not None:
        return
    row, made = SeenUpTo.objects.get_or_create(user=user, defaults={"mail_id": mail_id})
    if not made:
        SeenUpTo.objects.filter(pk=row.pk, mail_id__lt=mail_id).update(mail_id=mail_id)
