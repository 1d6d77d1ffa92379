import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.clean import Cleaned, clean
from curate.heuristics import SiteLines
from curate.model import Article, Metadata, Provenance
from curate.rules import broken_examples, compile_rules, load_packs, packaged_rules

(PACK,) = load_packs([packaged_rules()])
MATCHER = compile_rules([PACK])
WIRE = [rule for rule in PACK.rules if rule.id.startswith("wire/")]

EN = "The dam above the town held through the night, although the river rose by two metres, the mayor said on Monday."
EN_MORE = "Some 300 people who had slept in the school gymnasium went home in the morning and began to clear the mud."
DE = "Der Damm oberhalb der Stadt hat in der Nacht gehalten, obwohl der Fluss um zwei Meter stieg, sagte der Landrat."
DE_MORE = "Rund 300 Menschen, die in der Turnhalle geschlafen hatten, kehrten am Morgen in ihre Häuser zurück."
FR = "La digue en amont de la ville a tenu toute la nuit, bien que le fleuve soit monté de deux mètres, a dit le maire."
ES = "La presa situada por encima de la ciudad resistió toda la noche, aunque el río subió dos metros, dijo el alcalde."
IT = "La diga a monte della città ha tenuto tutta la notte, anche se il fiume è salito di due metri, dice il sindaco."
PT = "A barragem acima da cidade resistiu durante toda a noite, embora o rio tenha subido dois metros, disse o autarca."
RU = "Плотина выше города выдержала всю ночь, хотя уровень воды в реке поднялся на два метра, сообщил мэр города."
ZH = "市长周一表示，尽管河水上涨了两米，城市上游的大坝整夜安然无恙，没有人员受伤。"
JA = "市長は月曜日、川の水位が二メートル上昇したが、町の上流にある堤防は一晩持ちこたえたと述べた。"
KO = "시장은 월요일 강물이 2미터 불어났지만 마을 위쪽의 둑은 밤새 무사히 버텼고 다친 사람은 한 명도 없었다고 말했다."
HI = "महापौर ने सोमवार को कहा कि नदी का जलस्तर दो मीटर बढ़ने के बावजूद शहर के ऊपर बना बांध रात भर टिका रहा।"
AR = "قال رئيس البلدية يوم الاثنين إن السد الواقع فوق المدينة صمد طوال الليل رغم ارتفاع منسوب النهر مترين."


def cleaned(text: str, keep: tuple[str, ...] = ()) -> Cleaned:
    article = Article("x" * 32, Provenance("a.txt", "text"), text, "none", Metadata())
    return clean(article, MATCHER, SiteLines(), None, keep=keep)


# agency, what stands before the first sentence, place, paragraphs, lines after the last
ARTICLES = [
    ("AFP", "PARIS (AFP) - ", "PARIS", [EN, EN_MORE], ["bur-ab-cde-fgh/ij/kl"]),
    ("AFP", "Paris, 6 juin 2023 (AFP) - ", "Paris", [FR, FR], ["© Agence France-Presse"]),
    ("AFP", "باريس (أ ف ب) - ", "باريس", [AR, AR], []),
    ("AFP", "【パリＡＦＰ＝時事】", "パリ", [JA, JA], []),
    (
        "Reuters",
        "PARIS, June 6 (Reuters) - ",
        "PARIS",
        [EN, EN_MORE],
        [
            "($1 = 0.9350 euros)",
            "(Reporting by Jane Doe in Lima; Editing by John Roe)",
            "Our Standards: The Thomson Reuters Trust Principles.",
        ],
    ),
    ("Reuters", "SÃO PAULO, 6 Jun (Reuters) - ", "SÃO PAULO", [PT, PT], ["(Reportagem de Fulano de Tal)"]),
    (
        "AP",
        "LA CROSSE, Wis. (AP) — ",
        "LA CROSSE, Wis.",
        [EN, EN_MORE],
        ["___", "More AP news: https://apnews.com/hub/rain"],
    ),
    ("dpa", "Hamburg (dpa/lno) - ", "Hamburg", [DE, DE_MORE], ["© dpa-infocom, dpa:230606-99-123456/3"]),
    (
        "dpa",
        "Berlin (dpa) - ",
        "Berlin",
        [DE, DE_MORE],
        ["# dpa-Notizblock", "## Orte", "- Landratsamt", "dpa lno ab yyzz n1"],
    ),
    ("APA", "Wien (APA) - ", "Wien", [DE, DE_MORE], ["(Schluss) abc/def"]),
    ("ANSA", "(ANSA) - ROMA, 06 GIU - ", "ROMA", [IT, IT], ["(ANSA)."]),
    ("EFE", "Madrid, 6 jun (EFE).- ", "Madrid", [ES, ES], ["EFE", "abc/def"]),
    ("Xinhua", "BEIJING, June 6 (Xinhua) -- ", "BEIJING", [EN, EN_MORE], ["Enditem"]),
    ("Xinhua", "新华社北京6月6日电（记者张三）", "北京", [ZH, ZH], ["（完）", "责任编辑：李四"]),
    ("Kyodo", "TOKYO (Kyodo) -- ", "TOKYO", [EN, EN_MORE], ["==Kyodo"]),
    ("Kyodo", "【ソウル共同】", "ソウル", [JA, JA], []),
    ("Yonhap", "SEOUL, June 6 (Yonhap) -- ", "SEOUL", [EN, EN_MORE], ["hong@yna.co.kr", "(END)"]),
    (
        "Yonhap",
        "(서울=연합뉴스) 홍길동 기자 = ",
        "서울",
        [KO, KO],
        ["hong@yna.co.kr", "<저작권자(c) 연합뉴스, 무단 전재-재배포 금지>"],
    ),
    ("TASS", "MOSCOW, June 6. /TASS/. ", "MOSCOW", [EN, EN_MORE], []),
    ("TASS", "МОСКВА, 6 июня. /ТАСС/. ", "МОСКВА", [RU, RU], ["/ТАСС/"]),
    ("PTI", "New Delhi, June 6 (PTI) ", "New Delhi", [EN, EN_MORE], ["PTI ABC DEF GHI"]),
    ("ANI", "New Delhi [India], June 6 (ANI): ", "New Delhi [India]", [EN, EN_MORE], ["(ANI)"]),
    ("IANS", "New Delhi, June 6 (IANS) ", "New Delhi", [EN, EN_MORE], ["--IANS", "abc/def"]),
    ("IANS", "नई दिल्ली, 6 जून (आईएएनएस)। ", "नई दिल्ली", [HI, HI], ["—आईएएनएस"]),
    ("Reuters", "NEW YORK March 4 (Reuters) - ", "NEW YORK", [EN, EN_MORE], []),
    ("AFP", "San José, 6 Jun (AFP) – ", "San José", [ES, ES], []),
    ("UPI", "June 6 (UPI) -- ", None, [EN, EN_MORE], ["Copyright © 2023 United Press International, Inc."]),
    ("Bloomberg", "(Bloomberg) -- ", None, [EN, EN_MORE], ["--With assistance from Jane Doe.", "©2023 Bloomberg L.P."]),
    ("CNN", "London (CNN) ", "London", [EN, EN_MORE], ["CNN's Jane Doe contributed to this report."]),
    ("CNN", "(CNN) — ", None, [EN, EN_MORE], ["The-CNN-Wire"]),
    ("Lusa", "Lisboa, 06 jun 2023 (Lusa) - ", "Lisboa", [PT, PT], []),
    ("РИА Новости", "МОСКВА, 6 июн — РИА Новости. ", "МОСКВА", [RU, RU], []),
    ("CNN", "London CNN  — ", "London", [EN, EN_MORE], []),
    ("CNN", "CNN — ", None, [EN, EN_MORE], []),
    ("AP", "ROME (AP) _ ", "ROME", [EN, EN_MORE], []),
    ("Sputnik", "PARÍS, 6 jun (Sputnik) — ", "PARÍS", [ES, ES], []),
    ("AAP", "SYDNEY, AAP - ", "SYDNEY", [EN, EN_MORE], []),
    ("Jiji Press", "TOKYO, June 6 (Jiji Press)--", "TOKYO", [EN, EN_MORE], []),
    ("Jiji", "【ワシントン時事】", "ワシントン", [JA, JA], ["（時事通信社）"]),
    ("رويترز", "القاهرة - رويترز: ", "القاهرة", [AR, AR], []),
    ("PRNewswire", "NEW YORK, June 6, 2023 /PRNewswire/ -- ", "NEW YORK", [EN, EN_MORE], []),
    ("BUSINESS WIRE", "LONDON--(BUSINESS WIRE)--", "LONDON", [EN, EN_MORE], []),
    ("EUROPA PRESS", "MADRID, 6 Jun. (EUROPA PRESS) - ", "MADRID", [ES, ES], []),
]

# what stands before the first sentence without an agency, place, a paragraph
PLACES = [
    ("NEW DELHI: ", "NEW DELHI", EN),
    ("Mumbai: ", "Mumbai", EN),
    ("DUBAI/RIYADH: ", "DUBAI/RIYADH", EN),
    ("KUALA LUMPUR: ", "KUALA LUMPUR", EN),
    ("ROMA, 06 GIU - ", "ROMA", IT),
    ("BUENOS AIRES, 6 de junio.- ", "BUENOS AIRES", ES),
    ("（台北6日電）", "台北", ZH),
    ("【示例報專訊】", None, ZH),
]


@pytest.mark.parametrize(("dateline", "place", "paragraph"), PLACES)
def test_a_place_without_an_agency_goes_too(dateline: str, place: str | None, paragraph: str) -> None:
    result = cleaned(f"{dateline}{paragraph}\n{paragraph}")

    assert (result.text, result.captured.get("dateline")) == (f"{paragraph}\n{paragraph}", place)


@pytest.mark.parametrize("label", ["WATCH", "UPDATE", "EXCLUSIVE", "BREAKING", "OPINION", "CORRECTION", "ANALYSIS"])
def test_a_label_in_capitals_is_no_place(label: str) -> None:
    text = f"{label}: {EN}\n{EN_MORE}"

    assert cleaned(text).text == text


@pytest.mark.parametrize(("agency", "dateline", "place", "paragraphs", "after"), ARTICLES)
def test_what_an_agency_puts_around_a_story_goes_and_the_story_stays(
    agency: str, dateline: str, place: str | None, paragraphs: list[str], after: list[str]
) -> None:
    story = "\n".join(paragraphs)

    result = cleaned("\n".join([dateline + story, *after]))

    assert result.text == story
    assert result.captured.get("wire_agency") == agency
    assert result.captured.get("dateline") == place
    assert result.captured["wire_evidence"].strip() in dateline


@pytest.mark.parametrize(
    ("agency", "line"),
    [
        ("AFP", "By AFP"),
        ("Reuters", "Reuters"),
        ("AP", "By The Associated Press"),
        ("AP", "By JANE DOE, Associated Press"),
        ("dpa", "Von dpa"),
        ("APA", "Quelle: APA"),
        ("EFE", "Por Agencia EFE"),
        ("PA", "By Jane Doe, PA Political Correspondent"),
        ("PA", "Press Association"),
        ("UPI", "Source: UPI"),
        ("Bloomberg", "Bloomberg News"),
        ("CNN", "By Jane Doe, CNN"),
        ("Xinhua", "来源：新华社"),
        ("TASS", "Источник: ТАСС"),
        ("AFP", "AFP, MANILA"),
        ("AA", "Ankara / AA"),
        ("الأناضول", "إسطنبول / الأناضول"),
    ],
)
def test_an_agency_on_a_line_of_its_own_is_credited(agency: str, line: str) -> None:
    result = cleaned("\n".join([line, EN, EN_MORE]))

    assert (result.text, result.captured["wire_agency"]) == (f"{EN}\n{EN_MORE}", agency)


@pytest.mark.parametrize("line", ["© AFP", "Source: AFP", "Agence France-Presse", "AFP"])
def test_a_credit_below_the_story_is_cut_or_kept_as_the_recipe_says(line: str) -> None:
    text = "\n".join([EN, EN_MORE, line])

    assert cleaned(text).text == f"{EN}\n{EN_MORE}"
    assert cleaned(text).captured["wire_agency"] == "AFP"
    assert cleaned(text, keep=("credits",)).captured["wire_agency"] == "AFP"


def test_a_kept_dateline_fills_its_columns() -> None:
    text = f"PARIS (AFP) - {EN}\n{EN_MORE}"

    result = cleaned(text, keep=("datelines",))

    assert (result.text, result.captured["dateline"]) == (text, "PARIS")


@pytest.mark.parametrize(
    "line",
    [
        "The Associated Press contributed to this report.",
        "Mit Material von dpa und AFP",
        "With files from The Canadian Press",
    ],
)
def test_an_agency_that_only_helped_is_evidence_and_not_the_source(line: str) -> None:
    result = cleaned("\n".join([EN, EN_MORE, line]))

    assert result.text == f"{EN}\n{EN_MORE}"
    assert result.captured == {"wire_evidence": line}


@pytest.mark.parametrize(
    "sentence",
    [
        "The news agency Agence France-Presse (AFP) said on Monday that the dam had held through the night.",
        "Die Deutsche Presse-Agentur (dpa) – größte im Land – meldete am Montag, dass der Damm gehalten habe.",
        "Reuters could not verify at once how high the river had risen above the town, nor who had opened the gate.",
        "Об этом 6 июня сообщил ТАСС со ссылкой на пресс-службу мэрии города, расположенного ниже плотины.",
        "据新华社北京6月6日电，城市上游的大坝整夜安然无恙，没有人员受伤，市长周一表示感谢。",
        "LONDON — a city of nine million people that has seen many floods — was dry on Monday, the mayor said.",
        "LONDON: a city of nine million people that has seen many floods was dry on Monday, the mayor said.",
        "London: The dam above the town held through the night, although the river rose by two metres, he said.",
        "He told CNN — The dam above the town held through the night, although the river rose by two metres.",
        "Berlin (Reuters-Leser wissen das schon) - Der Damm oberhalb der Stadt hat in der Nacht gehalten, sagte er.",
        "قالت رويترز: صمد السد الواقع فوق المدينة طوال الليل رغم ارتفاع منسوب النهر مترين.",
    ],
)
def test_a_sentence_about_an_agency_is_no_dateline(sentence: str) -> None:
    assert cleaned(f"{sentence}\n{EN}").text == f"{sentence}\n{EN}"


@given(st.permutations([EN, EN_MORE, FR, DE, ES]), st.sampled_from(ARTICLES))
def test_prose_survives_whatever_agency_frames_it(
    paragraphs: list[str], frame: tuple[str, str, str | None, list[str], list[str]]
) -> None:
    _, dateline, _, _, after = frame

    result = cleaned("\n".join([dateline + paragraphs[0], *paragraphs[1:], *after]))

    assert result.text.split("\n")[: len(paragraphs)][1:] == paragraphs[1:]
    assert result.text.startswith(paragraphs[0]) or result.text.startswith(dateline + paragraphs[0])


def test_wire_rules_have_two_examples_of_each_kind() -> None:
    assert len(WIRE) > 100
    assert [rule.id for rule in WIRE if len([*rule.drop_examples, *rule.strip_examples]) < 2] == []
    assert [rule.id for rule in WIRE if len(rule.keep_examples) < 2] == []
    assert [rule.id for rule in WIRE if rule.action == "drop" and "dateline" in rule.capture] == []


def test_the_rules_shown_in_the_readme_hold(tmp_path: Path) -> None:
    shown = re.findall(r"```yaml\n(.*?)```", (packaged_rules() / "README.md").read_text("utf-8"), re.DOTALL)
    about, *rest = sorted(shown, key=lambda text: not text.startswith("id:"))
    (tmp_path / "pack.yaml").write_text(about, "utf-8")
    (tmp_path / "shown.yaml").write_text("\n".join(rest), "utf-8")

    _, pack = load_packs([packaged_rules(), tmp_path])

    assert pack.id == "our-house"
    assert len(pack.rules) == len(rest) == 3
    assert [str(error) for error in broken_examples(pack.rules)] == []
