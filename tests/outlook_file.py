"""Writes e-mails as Outlook saves them: a compound file ([MS-CFB]) of properties ([MS-OXMSG]). No library does."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

_SECTOR, _SMALL = 512, 64
_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_STRING, _BYTES, _TIME = 0x1F, 0x102, 0x40
_CUTOFF = 4096  # bytes; smaller streams lie in the small sectors


@dataclass
class Storage:
    """A folder of a compound file: streams by name, and folders by name."""

    streams: dict[str, bytes] = field(default_factory=dict)
    folders: dict[str, "Storage"] = field(default_factory=dict)


def write_outlook(
    path: Path,
    *,
    subject: str,
    sender: str,
    recipients: Sequence[str],
    body: str = "",
    markup: str = "",
    attachments: Sequence[tuple[str, bytes]] = (),
) -> Path:
    """A .msg that was sent on 5 March 2024."""
    ticks = (1_709_648_520 + 11_644_473_600) * 10_000_000  # since 1601, in units of 100 ns
    root = _properties(
        struct.pack("<8x4I8x", len(recipients), len(attachments), len(recipients), len(attachments)),
        {0x0037: subject, 0x0C1A: sender, 0x0C1F: "sender@example.org", 0x1000: body, 0x1013: markup.encode()},
        fixed=struct.pack("<HHIQ", _TIME, 0x0039, 6, ticks) + struct.pack("<HHIQ", 0x03, 0x3FDE, 6, 65001),
    )
    for number, recipient in enumerate(recipients):
        values = {0x3001: recipient, 0x3003: f"{recipient.lower()}@example.org"}
        root.folders[f"__recip_version1.0_#{number:08X}"] = _properties(bytes(8), values)
    for number, (name, data) in enumerate(attachments):
        fixed = struct.pack("<HHIQ", 0x03, 0x3705, 6, 1)
        root.folders[f"__attach_version1.0_#{number:08X}"] = _properties(bytes(8), {0x3707: name, 0x3701: data}, fixed)
    path.write_bytes(_compound(root))
    return path


def _properties(head: bytes, values: dict[int, str | bytes], fixed: bytes = b"") -> Storage:
    storage, table = Storage(), head + fixed
    for identifier, value in values.items():
        if value:
            kind, data = (_STRING, value.encode("utf-16-le")) if isinstance(value, str) else (_BYTES, value)
            storage.streams[f"__substg1.0_{identifier:04X}{kind:04X}"] = data
            table += struct.pack("<HHIII", kind, identifier, 6, len(data) + (2 if kind == _STRING else 0), 0)
    storage.streams["__properties_version1.0"] = table
    return storage


class _Chains:
    """Sectors of one size, and for each the number of the next one."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.data = bytearray()
        self.next: list[int] = []

    def add(self, data: bytes, mark: int = _END) -> int:
        first, count = len(self.next), -(-len(data) // self.size)
        self.data += data.ljust(count * self.size, b"\0")
        self.next += [*range(first + 1, first + count), mark] if mark == _END else [mark] * count
        return first if count else _END


def _compound(root: Storage) -> bytes:
    big, small, entries = _Chains(_SECTOR), _Chains(_SMALL), []

    def enter(name: str, storage: Storage, kind: int) -> int:
        own = len(entries)
        entries.append(b"")
        children = [enter(folder, inside, 1) for folder, inside in storage.folders.items()]
        for stream, data in storage.streams.items():
            first = (small if len(data) < _CUTOFF else big).add(data)
            children.append(len(entries))
            entries.append(_entry(stream, 2, _FREE, first, len(data)))
        for child, following in zip(children, [*children[1:], _FREE], strict=True):
            entries[child] = entries[child][:72] + struct.pack("<I", following) + entries[child][76:]
        entries[own] = _entry(name, kind, children[0] if children else _FREE, 0, 0)
        return own

    enter("Root Entry", root, 5)
    entries[0] = entries[0][:116] + struct.pack("<IQ", big.add(bytes(small.data)), len(small.data))
    directory = big.add(b"".join(entries))
    chain = struct.pack(f"<{len(small.next)}I", *small.next).ljust(-(-len(small.next) // 128) * _SECTOR, b"\xff")
    small_table = big.add(chain)
    table_sectors = -(-(len(big.next) + 2) // 127)
    table = big.add(bytes(table_sectors * _SECTOR), mark=_FAT)
    chain = struct.pack(f"<{len(big.next)}I", *big.next).ljust(table_sectors * _SECTOR, b"\xff")
    big.data[table * _SECTOR :] = chain
    places = [*range(table, table + table_sectors), *[_FREE] * (109 - table_sectors)]
    head = struct.pack(
        "<8s16x5H6x9I", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 62, 3, 0xFFFE, 9, 6, 0, table_sectors, directory, 0,
        _CUTOFF, small_table, -(-len(small.next) // 128), _END, 0,
    )  # fmt: skip
    return head + struct.pack("<109I", *places) + bytes(big.data)


def _entry(name: str, kind: int, child: int, first: int, size: int) -> bytes:
    text = name.encode("utf-16-le")
    return struct.pack(
        "<64sHBBIII16xI16xIQ", text, len(text) + 2, kind, 1, _FREE, _FREE, child, 0, first, size
    )  # fmt: skip
