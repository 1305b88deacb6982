"""Makes a component whose instances begin with what its function `loom:prepare` has left in memory.

    snapshot.py COMPONENT OUTPUT

Runs that function in the component's first core module and writes the memory back as the module's data, as
the pre-initializer Wizer does. The function may ask for the time, which stands still, and for a seed; any
other import is an error. What could not be written back is an error, too: more than one memory, passive
data or none, global variables other than the stack's pointer. The component gets the custom section
`loom:prepared`.
"""

import sys

import wasmtime

PREPARE = "loom:prepare"
PREPARED = b"loom:prepared"
ALLOWED = ("wasi:clocks/", "wasi:random/insecure-seed")
PAGE = 65536
# Zeros that are not worth a segment of their own.
GAP = 64
CUSTOM, IMPORT, MEMORY, GLOBAL, START, DATA = 0, 2, 5, 6, 8, 11
CORE_MODULE = 1


def number(data, at):
    """An unsigned LEB128 number, and where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def unsigned(value):
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def signed(value):
    encoded = bytearray()
    while not -0x40 <= value < 0x40:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value & 0x7F)
    return bytes(encoded)


def sections(binary):
    """Each section as (id, content), of a module or a component."""
    at = 8
    while at < len(binary):
        kind = binary[at]
        size, start = number(binary, at + 1)
        yield kind, binary[start : start + size]
        at = start + size


def joined(preamble, parts):
    return preamble + b"".join(bytes([kind]) + unsigned(len(content)) + content for kind, content in parts)


def stub(name, kind):
    results = [{"i32": 0, "i64": 0, "f32": 0.0, "f64": 0.0}[str(each)] for each in kind.results]
    answer = results[0] if results else None

    def call(*_):
        if not name.startswith(ALLOWED):
            raise RuntimeError(f"{PREPARE} may not use {name}")
        return answer

    return call


def memory_after(module, engine):
    """The memory once the function has run."""
    store = wasmtime.Store(engine)
    imports = []
    for each in module.imports:
        if not isinstance(each.type, wasmtime.FuncType):
            raise RuntimeError(f"an import that is no function: {each.module} {each.name}")
        imports.append(wasmtime.Func(store, each.type, stub(f"{each.module} {each.name}", each.type)))
    exports = wasmtime.Instance(store, module, imports).exports(store)
    exports[PREPARE](store)
    memory = exports["memory"]
    return bytes(memory.read(store, 0, memory.data_len(store)))


def check(parts):
    """That memory is all that the function can have changed, and that it can be written back."""
    if not {MEMORY, DATA} <= {kind for kind, _ in parts}:
        raise RuntimeError("no memory of its own, or no data")
    for kind, content in parts:
        if kind == GLOBAL and sum(mutable for mutable in globals_of(content)) > 1:
            raise RuntimeError("more than one global variable that changes")
        if kind == MEMORY and content[0] != 1:
            raise RuntimeError("more than one memory")
        if kind == START:
            raise RuntimeError("a start function")
        if kind == DATA and content[number(content, 0)[1]] != 0:
            raise RuntimeError("data that is not placed at once")


def globals_of(content):
    """Whether each can change. Their values are constants of numbers: opcode, LEB128, end."""
    count, at = number(content, 0)
    for _ in range(count):
        yield content[at + 1]
        _, at = number(content, at + 3)
        if content[at] != 0x0B:
            raise RuntimeError("a global variable that is no plain number")
        at += 1


def data_of(memory):
    """The data section that makes this memory: what is not zero."""
    segments, at = [], 0
    while at < len(memory):
        rest = memory[at : at + PAGE].lstrip(b"\0")
        if not rest:
            at += PAGE
            continue
        start = min(at + PAGE, len(memory)) - len(rest)
        end = memory.find(bytes(GAP), start)
        end = len(memory) if end < 0 else end
        segments.append(b"\0\x41" + signed(start) + b"\x0b" + unsigned(end - start) + memory[start:end])
        at = end
    return unsigned(len(segments)) + b"".join(segments)


def snapshot(binary):
    """The core module with its memory as it is after the function."""
    engine = wasmtime.Engine()
    parts = list(sections(binary))
    check(parts)
    memory = memory_after(wasmtime.Module(engine, binary), engine)
    pages = len(memory) // PAGE

    def replaced(kind, content):
        if kind == DATA:
            return data_of(memory)
        if kind == MEMORY:
            flags = content[1]
            _, at = number(content, 2)
            return b"\1" + bytes([flags]) + unsigned(pages) + content[at:]
        return content

    return joined(binary[:8], [(kind, replaced(kind, content)) for kind, content in parts])


def main(component, output):
    with open(component, "rb") as file:
        binary = file.read()
    parts = list(sections(binary))
    place = next(i for i, (kind, _) in enumerate(parts) if kind == CORE_MODULE)
    parts[place] = (CORE_MODULE, snapshot(parts[place][1]))
    parts.append((CUSTOM, unsigned(len(PREPARED)) + PREPARED))
    with open(output, "wb") as file:
        file.write(joined(binary[:8], parts))


main(*sys.argv[1:])
