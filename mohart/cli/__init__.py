"""Verbs: flags -> build -> call -> print."""
