"""Ablations: grids of short trainings, their statistics and their report.

Nothing here sees a configuration: `assembly.ablation` makes the orders and carries them out.
"""
