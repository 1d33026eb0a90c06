"""`gerege demo`: the whole job at once, on a fresh database and some 500 crossings of nobody.

people, companies  ->  scenes (what happened)  ->  traffic (where, when)  ->  HTTP  ->  summary
"""
