"""Verbs: flags -> assembly -> call -> print."""
