"""Gerege: crossings in, findings out, each explained in the words of the law.

The layers, from the edge down; imports go down only (checked by import-linter)::

    main > web | cli > evaluation > operations > violations > crossings > audit > identity
         > storage > backends > facts > language > vocabulary > clock | settings | errors
"""
