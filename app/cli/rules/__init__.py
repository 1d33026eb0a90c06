"""`gerege rules`: what authors of rules work with."""
