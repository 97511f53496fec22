"""Compound files ([MS-CFB]), which Office wrote before 2007, looked over before a library opens them."""

import struct
from collections.abc import Sequence

_LISTED = 109  # sectors of the allocation table that the head itself names
_SPECIAL = 0xFFFFFFFA  # numbers from here on are no sectors


def is_endless(data: bytes) -> bool:
    """Whether some chain of sectors comes back to itself: a library that follows it takes all the memory there is."""
    try:
        (shift,) = struct.unpack_from("<H", data, 30)
        small, more = (struct.unpack_from("<I", data, place)[0] for place in (60, 68))
        listed = list(struct.unpack_from(f"<{_LISTED}I", data, 76))
    except struct.error:
        return False  # it ends too early, which libraries notice
    size, seen = 1 << min(shift, 20), set[int]()
    while more < _SPECIAL and (numbers := _numbers(data, size, [more])):
        if more in seen:
            return True
        seen.add(more)
        listed += numbers[:-1]
        more = numbers[-1]
    table = _numbers(data, size, [number for number in dict.fromkeys(listed) if number < _SPECIAL])
    if _has_ring(table):
        return True
    chain = []
    while small < len(table):
        chain.append(small)
        small = table[small]
    return _has_ring(_numbers(data, size, chain))


def _numbers(data: bytes, size: int, sectors: Sequence[int]) -> list[int]:
    """What these sectors hold."""
    content = b"".join(data[(number + 1) * size : (number + 2) * size] for number in sectors)
    return list(struct.unpack(f"<{len(content) // 4}I", content[: len(content) // 4 * 4]))


def _has_ring(table: Sequence[int]) -> bool:
    """Whether the chains, in which each sector names the next one, hold one that has no end."""
    ended: set[int] = set()
    for start in range(len(table)):
        chain: set[int] = set()
        sector = start
        while sector < len(table) and sector not in ended:
            if sector in chain:
                return True
            chain.add(sector)
            sector = table[sector]
        ended |= chain
    return False
