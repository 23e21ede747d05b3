"""Seeds from names: the same place in the search gets the same random numbers in every run."""

import hashlib


def derive_seed(*parts: object) -> int:
    """A seed below 2**63 from any sequence of names and numbers, the same on every machine.

    Hashed rather than added up, so that neighbouring folds and candidates do not get neighbouring seeds.
    """
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
