"""From an event to a decision, and from a decision to the database.

rulebook --compiled (shards)--> engine: facts > nominate (index, rete) > decide (reference) > decision
decision --answer--> what the sender is told     --pipeline--> one transaction
"""
