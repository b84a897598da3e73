"""The name of a recipe by its content."""

import hashlib
import json

from recipe.model import Recipe


def recipe_digest(recipe: Recipe) -> str:
    """Return ``sha256:<hex>`` of the recipe's canonical JSON: sorted keys, no spaces, UTF-8."""
    content = recipe.model_dump(mode="json")
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
