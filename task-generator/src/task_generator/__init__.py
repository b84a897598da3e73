"""Registered datasets become workflows with tasks."""
