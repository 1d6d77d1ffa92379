"""Which article of a cluster stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

AGENCY_SITES: Mapping[str, tuple[str, ...]] = {
    "AFP": ("afp.com",),
    "ANI": ("aninews.in",),
    "ANSA": ("ansa.it",),
    "AP": ("apnews.com", "ap.org"),
    "APA": ("apa.at",),
    "Bloomberg": ("bloomberg.com",),
    "CNN": ("cnn.com",),
    "dpa": ("dpa.com",),
    "EFE": ("efe.com",),
    "IANS": ("ians.in",),
    "Kyodo": ("kyodonews.net", "kyodonews.jp"),
    "PA": ("pa.media",),
    "PTI": ("ptinews.com",),
    "Reuters": ("reuters.com",),
    "TASS": ("tass.com", "tass.ru"),
    "UPI": ("upi.com",),
    "Xinhua": ("xinhuanet.com", "news.cn"),
    "Yonhap": ("yna.co.kr",),
}
"""The sites on which agencies publish their own stories, by the name that ``wire_agency`` has."""

_AGENCY_OF_SITE = {site: agency.casefold() for agency, sites in AGENCY_SITES.items() for site in sites}


@dataclass(frozen=True, slots=True)
class Member:
    """What the choice looks at; ``wire_agency`` is case-folded."""

    id: str
    source_domain: str | None
    wire_agency: str | None
    date_published: str | None
    length: int
    removed_chars: int


def preference(member: Member, credited: frozenset[str]) -> tuple[bool, bool, datetime, int, int, str]:
    """The smallest one of a cluster is its canonical article; no two are equal.

    In this order: it stands on the site of its own agency, was published earliest (a day without a time counts as
    its end, a time without an offset as UTC, an unknown date comes last), is longest, lost the fewest
    characters, has the smallest id.

    Args:
        member: an article of the cluster.
        credited: the agencies that members of the cluster name, case-folded. A site of another agency
            is then not the story's own; where none is named, any agency's site is.
    """
    published = instant(member.date_published)
    return (
        not _is_own_site(member, credited),
        published is None,
        published or datetime.max.replace(tzinfo=UTC),
        -member.length,
        member.removed_chars,
        member.id,
    )


def _is_own_site(member: Member, credited: frozenset[str]) -> bool:
    agency = agency_of_site(member.source_domain)
    return agency is not None and member.wire_agency in (None, agency) and (not credited or agency in credited)


def agency_of_site(domain: str | None) -> str | None:
    """The agency, case-folded, whose site ``domain`` is or belongs to."""
    labels = (domain or "").lower().split(".")
    parents = (".".join(labels[start:]) for start in range(len(labels)))
    return next((_AGENCY_OF_SITE[parent] for parent in parents if parent in _AGENCY_OF_SITE), None)


def instant(text: str | None) -> datetime | None:
    """The moment an ISO 8601 date names, in UTC; the end of the day for a day; None where it cannot be read."""
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time.max, UTC)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
