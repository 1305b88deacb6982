"""Makes the component, in two runs of componentize-py.

The first run compiles the standard library inside the guest's own interpreter, whose code objects
differ from those of the interpreter that runs this script. The second one makes the component, with
what the first one wrote embedded in it: compiling there would leave the compiler's garbage in the
memory that every instance starts with.

Works in its own folder, which is a copy of the sources.
"""

import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
# Nothing is exported: what counts is the file that is written while the module is imported.
COMPILER_WORLD = "package loom:python-library@0.1.0;\nworld library-compiler {}\n"


def componentize(module: pathlib.Path, wit: pathlib.Path, world: str, component: pathlib.Path) -> None:
    """Runs componentize-py on a module, and shows what it said only if it fails."""
    command = ["componentize-py", "-d", wit, "-w", world, "componentize", module.stem, "-o", component]
    done = subprocess.run(command, cwd=module.parent, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stdout + done.stderr)


def time_zones(target: pathlib.Path) -> None:
    """Copies the time zones to where the compiler finds them."""
    import tzdata

    shutil.copytree(pathlib.Path(tzdata.__file__).parent / "zoneinfo", target, dirs_exist_ok=True)


def main() -> None:
    contract, component = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    compiler = HERE / "library" / "compile_library.py"
    compiler_world = HERE / "compiler.wit"
    compiler_world.write_text(COMPILER_WORLD)
    time_zones(compiler.parent / "zones")
    componentize(compiler, compiler_world, "library-compiler", HERE / "unused.wasm")
    shutil.copy(compiler.parent / "library.bin", HERE / "library.bin")
    shutil.copytree(contract, HERE / "wit" / "deps" / "loom", dirs_exist_ok=True)
    componentize(HERE / "app.py", HERE / "wit", "interpreter", component)


if __name__ == "__main__":
    main()
