"""Words that are a button or a menu entry on one page and a sub-heading or an answer in another."""

import pytest

from curate.clean import Cleaned, clean
from curate.heuristics import SiteLines
from curate.model import Article, Evidence, Metadata, Provenance
from curate.rules import compile_rules, load_pack, packaged_rules

MATCHER = compile_rules([load_pack(packaged_rules())])
PROSE = {
    "en": "The dam above the town held through the night, although the river rose by two metres, the mayor said.",
    "de": "Der Damm oberhalb der Stadt hat in der Nacht gehalten, obwohl der Fluss um zwei Meter stieg, hieß es.",
    "fr": "La digue en amont de la ville a tenu toute la nuit, bien que le fleuve soit monté de deux mètres.",
    "es": "La presa situada por encima de la ciudad resistió toda la noche, aunque el río subió dos metros.",
    "it": "La diga a monte della città ha tenuto tutta la notte, anche se il fiume è salito di due metri.",
    "pt": "A barragem acima da cidade resistiu durante toda a noite, embora o rio tenha subido dois metros.",
    "nl": "De dijk boven de stad hield het de hele nacht, hoewel de rivier twee meter steeg, zei de burgemeester.",
    "pl": "Tama powyżej miasta wytrzymała całą noc, choć rzeka podniosła się o dwa metry, powiedział burmistrz.",
    "ru": "Плотина выше города выдержала всю ночь, хотя уровень воды в реке поднялся на два метра, сообщил мэр.",
    "zh": "市长周一表示，尽管河水上涨了两米，城市上游的大坝整夜安然无恙，没有人员受伤，学校也照常上课。",
    "ja": "市長は月曜日、川の水位が二メートル上昇したが、町の上流にある堤防は一晩持ちこたえたと述べた。",
    "ar": "قال رئيس البلدية يوم الاثنين إن السد الواقع فوق المدينة صمد طوال الليل رغم ارتفاع منسوب النهر مترين.",
}
HEADINGS = {
    "en": ["Jobs", "Legal", "Video", "Contact", "Comments", "More", "Popular", "For you"],
    "de": ["Kontakt", "Themen", "Kommentare", "Video", "Beliebt"],
    "fr": ["Photos", "Thèmes", "À propos", "Commentaires", "Pour vous"],
    "es": ["Temas", "Comentarios", "Redes sociales", "Para ti"],
    "it": ["Argomenti", "Speciali", "In diretta", "Altre notizie"],
    "pt": ["Assuntos", "Comentários", "Vídeo", "Recomendados"],
    "nl": ["Beeld", "Redactie", "Ook interessant"],
    "pl": ["Kontakt", "Tematy", "Pogoda", "Popularne"],
    "ru": ["Контакты", "Погода", "Сюжет", "Лучшее", "Темы"],
    "zh": ["话题", "直播", "推荐"],
    "ja": ["お知らせ", "ヘルプ", "人気記事"],
    "ar": ["التعليقات", "عاجل", "مختارات"],
}
ANSWERS = {
    "en": ["I agree.", "Got it."],
    "de": ["Gefällt mir!"],
    "fr": ["C’est parti !", "J’ai compris."],
    "es": ["¿Qué opina?", "Me gusta."],
    "it": ["Ascolta!", "Guarda!"],
    "pt": ["Concordo.", "Entendi."],
    "nl": ["Ga akkoord.", "Al lid?"],
    "pl": ["Rozumiem.", "Zgadzam się."],
    "ru": ["Хорошо.", "Согласен.", "Понятно."],
    "zh": ["知道了。", "同意。"],
    "ja": ["了解しました。", "いいね！"],
    "ar": ["نعم أوافق.", "أنا موافق."],
}


def cleaned(lines: list[str], language: str, evidence: tuple[Evidence, ...] = ()) -> Cleaned:
    provenance = Provenance("a.txt", "html" if evidence else "text")
    article = Article("x" * 32, provenance, "\n".join(lines), "none", Metadata(), evidence=evidence)
    return clean(article, MATCHER, SiteLines(), language)


@pytest.mark.parametrize("language", PROSE)
def test_a_word_between_paragraphs_of_plain_text_may_be_a_sub_heading(language: str) -> None:
    lines = [PROSE[language], *(line for word in HEADINGS[language] for line in (word, PROSE[language] + f" {word}."))]

    assert cleaned(lines, language).text == "\n".join(lines)


@pytest.mark.parametrize("language", PROSE)
def test_the_same_word_below_the_last_paragraph_is_the_pages_own(language: str) -> None:
    for word in HEADINGS[language]:
        assert cleaned([PROSE[language], word], language).text == PROSE[language], word


@pytest.mark.parametrize("language", PROSE)
def test_a_short_answer_in_an_interview_is_no_button(language: str) -> None:
    lines = [PROSE[language], *(line for word in ANSWERS[language] for line in (word, PROSE[language] + f" {word}"))]
    paragraph = tuple(Evidence("article > p", 0.0, True) for _ in lines)

    assert cleaned(lines, language).text == "\n".join(lines)
    assert cleaned(lines, language, paragraph).text == "\n".join(lines)


def test_in_a_page_the_word_goes_between_paragraphs_too_unless_it_heads_text() -> None:
    lines = [PROSE["en"], "Video", PROSE["en"] + " Twice."]
    label = tuple(Evidence(path, 0.0, True) for path in ("article > p", "article > div.player > span", "article > p"))
    heading = tuple(Evidence(path, 0.0, True) for path in ("article > p", "article > h3", "article > p"))

    assert cleaned(lines, "en", label).text == "\n".join(lines[::2])
    assert cleaned(lines, "en", heading).text == "\n".join(lines)
