"""Gerege: crossings in, findings out, each explained in the words of the law.

The layers, from the edge down; imports go down only (checked by import-linter)::

    main > web | cli > evaluation > operations > violations > crossings > audit > identity
         > storage > backends > facts > language > vocabulary > clock | settings | errors
"""

import gc

# What is imported stays, and what an event leaves behind holds no cycles: looking for them at every 700 objects takes a
# tenth of the time of a start and a twentieth of that of an event.
gc.set_threshold(50_000, 20, 50)
