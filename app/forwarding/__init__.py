"""A post with a bad line: events are judged here and now, kept, and sent on to the centre, whose decision counts."""
