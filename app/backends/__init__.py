"""Evaluators of one IR. `reference` decides; `index` and `rete` nominate; none knows another."""
