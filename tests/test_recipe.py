import tomllib

import pytest

from curate.errors import RecipeError
from curate.recipe import Recipe, load_recipe, recipe_from, recipe_template


def test_the_template_spells_out_the_default_recipe() -> None:
    assert recipe_from(tomllib.loads(recipe_template())) == Recipe()


def test_a_changed_option_changes_the_digest() -> None:
    assert recipe_from({"dedup": {"near": False}}).digest() != Recipe().digest()


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({"clen": {}}, "did you mean 'clean'"),
        ({"dedup": {"similarty": 0.8}}, "did you mean 'similarity'"),
        ({"dedup": {"near": "yes"}}, "true or false"),
        ({"clean": {"datelines": "stripp"}}, "did you mean 'strip'"),
        ({"extract": {"page_seconds": 0}}, "below the least"),
        ({"clean": {"disable": "en/*"}}, "list of strings"),
        ({"clean": 3}, "is a section"),
    ],
)
def test_a_wrong_recipe_is_refused_with_the_place(tables: dict, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        recipe_from(tables)


def test_a_recipe_file_that_is_not_there_says_how_to_write_one(tmp_path) -> None:
    with pytest.raises(RecipeError, match="curate init"):
        load_recipe(tmp_path / "curate.toml")
