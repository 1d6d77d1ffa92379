from __future__ import annotations

import itertools
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.quality.language import detect, prose_sample

TEXTS = {
    "en": "The harbour was closed on Monday because the old crane had to be taken down before the winter storms.",
    "de": "Der Hafen blieb am Montag geschlossen, weil der alte Kran vor den Winterstürmen abgebaut werden musste.",
    "fr": "Le port est resté fermé lundi parce que la vieille grue devait être démontée avant les tempêtes d'hiver.",
    "es": "El puerto permaneció cerrado el lunes porque había que desmontar la vieja grúa antes de las tormentas.",
    "it": "Il porto è rimasto chiuso lunedì perché la vecchia gru doveva essere smontata prima delle tempeste.",
    "pt": "O porto ficou fechado na segunda-feira porque o velho guindaste tinha de ser desmontado antes das chuvas.",
    "nl": "De haven bleef maandag gesloten omdat de oude kraan voor de winterstormen moest worden afgebroken.",
    "pl": "Port był w poniedziałek zamknięty, ponieważ stary dźwig musiał zostać rozebrany przed zimowymi burzami.",
    "ru": "Порт был закрыт в понедельник, потому что старый кран нужно было разобрать до зимних штормов.",
    "ja": "港は月曜日に閉鎖された。古いクレーンを冬の嵐が来る前に解体しなければならなかったためだ。",
    "ar": "أغلق الميناء يوم الاثنين لأن الرافعة القديمة كان يجب أن تفكك قبل عواصف الشتاء التي تضرب الساحل.",
}
MIXED = "The cat zat op de mat en the dog slept. Der Hund schlief auch. Le chien dort encore ici."


@pytest.mark.parametrize(("language", "text"), TEXTS.items())
def test_a_sentence_is_known_by_its_language(language: str, text: str) -> None:
    found = detect(text)

    assert found is not None
    assert found[0] == language
    assert 0.8 <= found[1] <= 1.0


@pytest.mark.parametrize(
    "text",
    [
        "港口星期一关闭，因为旧起重机必须在冬季风暴来临之前拆除。市政府说，新的起重机明年春天才能运到。",
        "港口星期一關閉，因為舊起重機必須在冬季風暴來臨之前拆除。市政府說，新的起重機明年春天才能運到。",
    ],
)
def test_both_kinds_of_chinese_are_zh(text: str) -> None:
    found = detect(text)

    assert found is not None
    assert found[0] == "zh"


@pytest.mark.parametrize(
    "text", ["", "123", " \n\t", "§ $ % &", "12:30 – 14:00", "😀😀", "\ud800", "https://example.com"]
)
def test_a_text_without_words_has_no_language(text: str) -> None:
    assert detect(text) is None


def test_what_was_detected_before_changes_nothing() -> None:
    alone = {text: detect(text) for text in (*TEXTS.values(), MIXED)}

    for before, text in itertools.permutations((MIXED, TEXTS["de"], TEXTS["ja"]), 2):
        detect(before)
        assert detect(text) == alone[text]
    assert [detect(MIXED) for _ in range(5)] == [alone[MIXED]] * 5


def test_another_process_gives_the_same_answer() -> None:
    program = f"from curate.quality.language import detect; print(detect({MIXED!r}))"

    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()

    assert answer == repr(detect(MIXED))


def test_profiles_have_one_order_on_every_machine() -> None:
    from curate.quality.language import _factory

    languages = _factory().get_lang_list()

    assert languages == sorted(languages)
    assert len(languages) == 55


def test_profiles_are_loaded_by_the_first_detection_and_not_before() -> None:
    program = "from curate.quality import language; print(language._factory.cache_info().currsize)"

    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()

    assert loaded == "0"


def test_text_after_1000_characters_is_not_looked_at() -> None:
    english = (TEXTS["en"] + "\n") * 30

    assert detect(english[:1000] + TEXTS["ru"] * 100) == detect(english[:1000])


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_no_text_raises(text: str) -> None:
    found = detect(text)

    assert found is None or (found[0] and 0 < found[1] <= 1)


def test_a_menu_in_another_language_does_not_decide() -> None:
    menu = ["Startseite", "Nachrichten aus der Region", "Sport und Freizeit", "Anzeigen aufgeben", "Impressum"] * 20
    lines = [*menu, *[TEXTS["en"]] * 3, *menu]

    sampled, whole = detect(prose_sample(lines)), detect("\n".join(lines))

    assert sampled is not None and whole is not None
    assert (sampled[0], whole[0]) == ("en", "de")


def test_long_lines_are_sampled_in_text_order() -> None:
    first, second = "a" * 150, "b" * 120

    assert prose_sample(["menu", first, "more menu", second]) == f"{first}\n{second}"


def test_shorter_lines_are_long_in_scripts_without_spaces() -> None:
    assert prose_sample(["首页", *[TEXTS["ja"]] * 5]) == "\n".join([TEXTS["ja"]] * 5)


def test_all_lines_count_where_there_is_too_little_prose() -> None:
    assert prose_sample(["Short news", TEXTS["en"]]) == f"Short news\n{TEXTS['en']}"


def test_a_sample_ends_after_the_characters_asked_for() -> None:
    assert len(prose_sample([TEXTS["en"]] * 50)) == 1000
    assert prose_sample(["a" * 300], chars=10) == "a" * 10
