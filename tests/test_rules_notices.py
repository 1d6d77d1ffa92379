"""Notices of the site that read like sentences: they go below the story, and stay among its paragraphs."""

import pytest
from test_rules_words import PROSE, cleaned

from curate.model import Evidence

NOTICES = [
    ("en", "This material may not be published, broadcast, rewritten or redistributed."),
    ("en", "Harbour Post. Reproduction in whole or in part is not allowed."),
    ("fr", "Toute reproduction totale ou partielle, sans autorisation écrite, est interdite."),
    ("fr", "Le Courrier du Port. Tous droits réservés. Reproduction interdite sans accord."),
    ("es", "Queda prohibida la reproducción total o parcial de los contenidos sin autorización escrita."),
    ("it", "Questa voce è stata pubblicata in Mare e contrassegnata con diga, porto."),
    ("zh", "免责声明：本文仅代表作者个人观点，与本网无关。"),
]
SENTENCES = [
    ("en", "The firm sold the data for years without the prior written consent of its customers, the court found."),
    ("en", "Reproduction in whole or in part is not allowed, the museum told the painter who had come for it."),
    ("fr", "La reproduction des saumons est interdite sans autorisation du préfet, dit le pêcheur."),
    ("es", "Queda prohibida la reproducción total o parcial de los cuadros, dictó el juez."),
]


def paragraphs(count: int) -> tuple[Evidence, ...]:
    return tuple(Evidence("article > p", 0.0, True) for _ in range(count))


@pytest.mark.parametrize(("language", "notice"), NOTICES)
def test_a_notice_below_the_last_paragraph_goes(language: str, notice: str) -> None:
    lines = [PROSE[language], PROSE[language] + " 2.", notice]

    assert cleaned(lines, language).text == "\n".join(lines[:2])
    assert cleaned(lines, language, paragraphs(3)).text == "\n".join(lines[:2])


@pytest.mark.parametrize(("language", "notice"), NOTICES)
def test_the_same_words_among_the_paragraphs_of_a_page_stay(language: str, notice: str) -> None:
    lines = [PROSE[language], notice, PROSE[language] + " 2."]

    assert cleaned(lines, language, paragraphs(3)).text == "\n".join(lines)


@pytest.mark.parametrize(("language", "sentence"), SENTENCES)
def test_a_last_paragraph_that_only_holds_the_cue_stays(language: str, sentence: str) -> None:
    lines = [PROSE[language], sentence]

    assert cleaned(lines, language).text == "\n".join(lines)
    assert cleaned(lines, language, paragraphs(2)).text == "\n".join(lines)


@pytest.mark.parametrize("path", ["article > div.story.js_readmore > p", "article > div.read-more-content > p"])
def test_text_that_folds_behind_a_button_is_the_articles(path: str) -> None:
    lines = [f"{PROSE['en']} {number}." for number in range(7)]
    folded = Evidence(path, 0.0, True)

    assert cleaned(lines, "en", (*paragraphs(5), folded, folded)).text == "\n".join(lines)


def test_a_box_of_links_to_more_goes() -> None:
    lines = [PROSE["en"], "Two harbours and their cats", PROSE["en"] + " 2."]
    box = Evidence("article > div.story-readmore-box > p", 1.0, True)

    assert cleaned(lines, "en", (*paragraphs(1), box, *paragraphs(1))).text == f"{lines[0]}\n{lines[2]}"


@pytest.mark.parametrize(
    ("language", "notice"),
    [
        ("en", "This article is reserved for our paying subscribers."),
        ("fr", "Cet article est réservé aux abonnés. Déjà abonné ? Connectez-vous."),
        ("de", "Dieser Artikel ist Abonnenten vorbehalten. Bereits Abonnent? Bitte melden Sie sich an."),
        ("es", "Este artículo es exclusivo para suscriptores. ¿Ya eres suscriptor? Inicia sesión."),
        ("it", "Questo articolo è riservato agli abbonati. Sei già abbonato? Accedi."),
        ("pt", "Este conteúdo é exclusivo para assinantes. Já é assinante? Faça login."),
        ("nl", "Dit artikel is alleen voor abonnees. Al abonnee? Log in."),
    ],
)
def test_a_sentence_that_the_article_is_for_subscribers_goes_among_paragraphs_too(language: str, notice: str) -> None:
    lines = [PROSE[language], notice, PROSE[language] + " 2."]

    assert cleaned(lines, language, paragraphs(3)).text == f"{lines[0]}\n{lines[2]}"


def test_a_sentence_that_goes_on_after_the_subscribers_stays() -> None:
    said = "This article is reserved for subscribers to the theory that the river will rise, wrote the critic."
    lines = [PROSE["en"], said, PROSE["en"] + " 2."]

    assert cleaned(lines, "en", paragraphs(3)).text == "\n".join(lines)
