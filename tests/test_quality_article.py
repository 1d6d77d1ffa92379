"""Pages that are no articles, and articles that look like them. All are invented."""

from __future__ import annotations

import pytest

from curate.quality.filters import judge
from curate.quality.measures import Refusal

HEADLINES = [
    "Council approves new tram line to the harbour",
    "Heavy rain closes three schools in the valley",
    "Bakery on Mill Street to close after ninety years",
    "Minister defends plan for shorter school holidays",
    "Local hospital opens a second emergency ward",
    "Rowing club wins national title for the third time",
    "Farmers warn of a poor apple harvest this autumn",
    "Museum returns stolen clock to family in Leeds",
    "Police seek witnesses after theft of church bells",
    "New ferry timetable angers the islanders again",
]
LONG_HEADLINES = [
    "Government to publish long-awaited report on river pollution before summer",
    "Why the country's smallest airport now wants a second runway",
    "Teachers and parents divided over plan to move school start to nine",
    "Former mayor of Eastport to stand trial over missing harbour funds",
    "Scientists find unexpectedly large colony of seals near the old lighthouse",
    "Thousands expected at Saturday's march against closure of village post offices",
    "Orchestra cancels spring tour after half its players fall ill",
    "Small brewers say new bottle tax could put them out of business",
    "Rescue dog who found lost hikers gets a medal from the governor",
    "Bridge repairs to take two years longer than engineers first thought",
]
TEASERS = [
    "The vote ended a dispute of more than four years between the two halves of the town.",
    "Roads were under water for most of Tuesday morning, officials said, and buses stood still.",
    "The owners could not find a successor for the business that their grandfather had founded.",
    "She told parliament that teachers had been consulted at length before the plan was made.",
    "Patients from the northern villages will no longer have to travel an hour for help.",
    "The crew of eight finished two lengths ahead of the favourites from the capital.",
    "A late frost in April killed most of the blossoms, and the dry summer did the rest.",
    "The clock had hung in the director's office since it was bought at an auction in 1952.",
    "The bells, cast in 1780, weigh two tonnes each and cannot have been carried by one man.",
    "The last boat now leaves at six in the evening, too early for most who work in town.",
]
DATES = [f"{day} March 2026" for day in range(12, 2, -1)]
READ_MORE = ["Read more"] * 10


def interleaved(*columns: list[str]) -> str:
    return "\n".join(line for row in zip(*columns, strict=True) for line in row)


NO_ARTICLES = {
    "an index of linked teasers": interleaved(HEADLINES, TEASERS, READ_MORE),
    "an index whose headlines the extractor lost": interleaved(TEASERS, READ_MORE),
    "a tag page with its description": "Posts tagged: Transport\nAll our reports on trams, buses and ferries.\n"
    + interleaved(HEADLINES, [f"{teaser[:60]}…" for teaser in TEASERS]),
    "a search page": "Search results for 'harbour'\n10 results found\n"
    + interleaved(HEADLINES, DATES, [f"... {teaser[:50]} ..." for teaser in TEASERS]),
    "a section page with dates": "Politics\n" + interleaved(DATES, HEADLINES),
    "a section page in one line each": "\n".join(
        f"{date} – {line}" for date, line in zip(DATES, HEADLINES, strict=True)
    ),
    "an archive with dates below its teasers": "Archive\n" + interleaved(HEADLINES, TEASERS, DATES),
    "dates that an extractor left of an index": "\n".join(DATES),
    "a front page of bare headlines": "\n".join(["News", *LONG_HEADLINES[:5], "Opinion", *LONG_HEADLINES[5:]]),
    "an index in German": "Nachrichten aus der Region\n"
    + interleaved(
        [f"{day}. März 2026" for day in range(1, 9)],
        [
            "Gemeinderat beschließt neuen Haushalt",
            "Feuerwehr rettet Kuh aus Graben",
            "Bäckerei am Markt schließt für immer",
            "Sperrung der Brücke dauert länger",
            "Turnverein feiert sein hundertjähriges Bestehen",
            "Polizei sucht Zeugen nach Unfall",
            "Neue Leiterin für das Museum",
            "Schwimmbad öffnet erst im Juni",
        ],
    ),
    "an index in Japanese": interleaved(
        [f"2026年3月{day}日" for day in range(1, 9)],
        [f"港の再開発計画をめぐり{town}市議会が再び対立" for town in "東西南北中上下山"],
    ),
    "an error page": "Page not found\nSorry, the page you are looking for could not be found. It may have been moved or"
    " deleted.\nTry the search, or go back to the front page of the Harbour Times.",
    "an error page with other stories": "Oops!\nError 404\nYou may like these stories instead\n" + "\n".join(HEADLINES),
    "an error page in French": "Page introuvable\nLa page que vous cherchez n'existe pas ou a été déplacée.\nRetour à"
    " la page d'accueil du journal, ou recherche dans nos archives depuis 1998.",
    "an error page in Arabic": "الصفحة غير موجودة\nعذرا، الصفحة التي تبحث عنها غير موجودة أو تم نقلها.\nيمكنك العودة"
    " إلى الصفحة الرئيسية أو استخدام البحث للعثور على ما تريد من الأخبار والتقارير.",
    "a login page": "Log in to your account\nE-mail address\nPassword\nForgot your password?\nNo account yet? Create"
    " one here, and get our letters and offers before all others.\nBy going on you accept our terms.",
    "an empty search page": "Search\nYour search for 'zeppelin' did not match any articles.\nCheck the spelling, use"
    " fewer words, or look in the archive of the years before 1998.",
    "a check for robots": "Checking your browser before you go on\nThis takes a few seconds. You will be sent on to the"
    " page that you asked for.\nPlease allow cookies and reload the page if nothing happens at all.",
}


@pytest.mark.parametrize("name", NO_ARTICLES)
def test_what_is_no_article_is_refused(name: str) -> None:
    refusal = judge(NO_ARTICLES[name], None, {})

    assert refusal is not None
    assert refusal.reason == "article", refusal.detail


ARTICLES = {
    "short news": "A fishing boat sank off the coast of Eastport on Monday night. All four men on board were saved by a"
    " passing ferry. The cause was not known, the coast guard said.\nThe boat, built in 1974, had been repaired only"
    " last month. Its owner said he would not buy another one, as there were hardly any fish left in the bay.",
    "a live blog": "The harbour is closed and all ferries have been cancelled. We report on the storm here.\n"
    + interleaved(
        [f"{hour}:15 GMT" for hour in range(19, 9, -1)],
        ["Storm: " + line for line in HEADLINES],
        TEASERS,
        [f"{teaser} {other}" for teaser, other in zip(TEASERS, TEASERS[::-1], strict=True)],
    ),
    "a chronicle": "Key dates of the harbour dispute.\n" + interleaved(DATES[::-1], TEASERS),
    "a chronicle with dates in its lines": "\n".join(
        f"March {day}, 2026 - {teaser}" for day, teaser in enumerate(TEASERS, 1)
    ),
    "a list article": "Ten places to see\n"
    + interleaved([f"{number}. The old mill of {town}" for number, town in enumerate(HEADLINES, 1)], TEASERS),
    "a list of winners": "The Golden Oar awards in full\nWinners are in bold\nBest boat of the year\n"
    + "- Blue Heron\n- Old Molly\n- The Running Tide\nBest crew of the year\n- Eastport Ladies\n- Four Men and a Dog\n"
    + "Best song at sea\n- The Tiller Band and Mary Poole, Going Home\n- Jack Reed, Salt in My Bread\n",
    "takeaways in bullets": "What the council decided on Monday\n"
    + "\n".join(f"- {line} and the vote was close" for line in LONG_HEADLINES[:9]),
    "a poem": "The tide came in before the light\nAnd took the footprints from the sand\nThe gulls that quarrelled half"
    " the night\nWere silent now along the land\nI thought of what you said to me\nThe winter that the harbour froze\n"
    "That nobody can own the sea\nAnd nobody knows where it goes\nThe lamp is lit the rope is wet\nThe boat is"
    " pulling at its chain\nI have not learned to leave you yet\nI will not see this place again",
    "a song": "\n".join(["Take me down to the river again", "Where the water runs slow and deep", "Oh my love"] * 8),
    "a table of results": "Saturday 7 March\n"
    + "\n".join(f"Eastport Rovers {goals} Westhaven United {9 - goals}" for goals in range(9))
    + "\nSunday 8 March\n"
    + "\n".join(f"Northgate Town {goals} Southend Athletic {9 - goals}" for goals in range(9)),
    "a table": "| Club | Won | Lost | Points |\n|---|---|---|---|\n"
    + "\n".join(f"| Eastport Rovers {number} | {number} | {20 - number} | {3 * number} |" for number in range(12)),
    "an interview": "\n".join(
        f"{question}\n{answer}"
        for question, answer in zip(
            [
                f"Why did you {verb} the harbour in the end?"
                for verb in ("leave", "love", "hate", "paint", "sell", "buy", "keep")
            ],
            TEASERS[:7],
            strict=True,
        )
    ),
    "news of an error page": "Page not found: how one town lost its archive\nWhen readers looked for the minutes of the"
    " council last week, they got an error 404. The server had been switched off by mistake during repairs, and no copy"
    " had been made since 2019, a spokeswoman said. The town now asks its people for printouts of the lost pages.",
    "an article behind menus": "\n".join([*HEADLINES, "Log in", "Forgot your password?", *TEASERS[:4], *HEADLINES]),
    "a Chinese article": "港口星期一关闭\n港口星期一关闭，因为旧起重机必须在冬季风暴来临之前拆除。"
    "市政府说，新的起重机明年春天才能运到。\n渔民们对此表示不满，他们说冬天是捕鱼最好的季节，关闭港口会让他们损失很多收入。",
    "a Japanese article": "港が月曜日に閉鎖\n港は月曜日に閉鎖された。古いクレーンを"
    "冬の嵐が来る前に解体しなければならなかったためだ。\n市によると、新しいクレーンは来年の春まで届かない見通しで、漁師からは不満の声が上がっている。",
    "an Arabic article": "إغلاق الميناء يوم الاثنين\nأغلق الميناء يوم الاثنين لأن الرافعة القديمة كان يجب أن تفكك قبل"
    " عواصف الشتاء.\nوقالت البلدية إن الرافعة الجديدة لن تصل قبل الربيع المقبل، فيما أعرب الصيادون عن استيائهم الشديد.",
    "a Thai article": "ท่าเรือปิดในวันจันทร์\nท่าเรือปิดในวันจันทร์เพราะต้องรื้อถอนเครนเก่าก่อนที่พายุฤดูหนาวจะมาถึง"
    " เทศบาลกล่าวว่าเครนใหม่จะมาถึงในฤดูใบไม้ผลิปีหน้า ชาวประมงแสดงความไม่พอใจ",
}


@pytest.mark.parametrize("name", ARTICLES)
def test_what_only_looks_like_an_index_is_kept(name: str) -> None:
    assert judge(ARTICLES[name], None, {}) is None


def judge_linked(lines: list[str], linked: set[str]) -> Refusal | None:
    return judge("\n".join(lines), "en", {}, [1.0 if line in linked else 0.0 for line in lines])


def test_a_page_of_links_is_refused_on_the_evidence_of_the_page() -> None:
    refusal = judge_linked(HEADLINES, set(HEADLINES))

    assert refusal is not None and "10 of 10 lines are links" in refusal.detail
    assert judge_linked(LONG_HEADLINES, set()) is None
    assert judge("\n".join(LONG_HEADLINES), "en", {}) is not None


def test_linked_headlines_with_whole_teasers_are_an_index() -> None:
    lines = interleaved(HEADLINES, TEASERS).split("\n")

    refusal = judge_linked(lines, set(HEADLINES))

    assert refusal is not None and "10 teasers under links, 0 words of other text" in refusal.detail
    assert judge_linked(lines, set()) is None


def test_a_list_of_links_below_an_article_is_no_reason() -> None:
    assert judge_linked([*TEASERS[:3], *HEADLINES], set(HEADLINES)) is None


def test_an_unknown_link_share_is_no_evidence() -> None:
    assert judge("\n".join(HEADLINES), "en", {}, [None] * len(HEADLINES)) is None


def test_headings_with_links_over_long_paragraphs_are_an_article() -> None:
    paragraphs = [" ".join([teaser, *TEASERS[:3]]) for teaser in TEASERS]

    assert judge_linked(interleaved(HEADLINES, paragraphs).split("\n"), set(HEADLINES)) is None


@pytest.mark.parametrize(
    ("url", "is_front"),
    [
        ("https://harbour-post.example/", True),
        ("https://harbour-post.example", True),
        ("http://harbour-post.example/index.html", True),
        ("https://harbour-post.example/?p=123", False),
        ("https://harbour-post.example/news", False),
        (None, False),
    ],
)
def test_a_sites_front_page_is_known_by_its_address(url: str | None, is_front: bool) -> None:
    refusal = judge(next(iter(ARTICLES.values())), "en", {}, (), url)

    assert (refusal is not None) is is_front
