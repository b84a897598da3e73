"""A recipe's digest is its content."""

from recipe.compile import compile
from recipe.digest import recipe_digest


def test_the_digest_depends_on_content_alone(chain: dict[str, str]) -> None:
    first = recipe_digest(compile(chain, "chain.cwl"))
    turned = dict(reversed(chain.items()))
    assert recipe_digest(compile(turned, "chain.cwl")) == first
    assert first.startswith("sha256:")
    assert len(first) == 71


def test_a_change_of_a_file_changes_the_digest(chain: dict[str, str]) -> None:
    changed = {**chain, "maps/cable.map": "s/hit/electron/\n"}
    before, after = compile(chain, "chain.cwl"), compile(changed, "chain.cwl")
    assert recipe_digest(before) != recipe_digest(after)
