"""The mapped tables of referrals, one file a resource; each is imported from its own.

All of them are loaded with the first: foreign keys name tables of other files.
"""

from importlib import import_module
from pkgutil import iter_modules

for _module in iter_modules(__path__, f"{__name__}."):
    import_module(_module.name)
