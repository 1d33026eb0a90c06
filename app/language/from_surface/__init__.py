"""Surface nodes to checked IR, one module for each kind of thing.

Every function reports what is wrong and returns None for what cannot be used, so that one mistake does not hide the
next.

    rules -> versions -> conditions -> operands -> literals        provisions, lists, parameters, definitions, cases
"""
