"""`gerege stay`: the days of a person's stays counted, for the desk and as a calendar."""
