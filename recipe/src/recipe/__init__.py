"""Recipes: what a template means, which datasets it takes and which tasks it makes."""
