"""Makes the component, in two runs of componentize-py.

The first run compiles the standard library inside the guest's own interpreter, whose code objects
differ from those of the interpreter that runs this script. The second one makes the component, with
what the first one wrote embedded in it: compiling there would leave the compiler's garbage in the
memory that every instance starts with.
"""

import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
# Nothing is exported: what counts is the file that is written while the module is imported.
COMPILER_WORLD = "package loom:python-library@0.1.0;\nworld library-compiler {}\n"


def componentize(folder: pathlib.Path, wit: str, world: str, module: str, component: str) -> None:
    """Runs componentize-py on a module of a folder, and shows what it said only if it fails."""
    command = ["componentize-py", "-d", wit, "-w", world, "componentize", module, "-o", component]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stdout + done.stderr)


def time_zones(target: pathlib.Path) -> None:
    """Copies the time zones where the compiler finds them, if this interpreter has them."""
    try:
        import tzdata
    except ImportError:
        return
    shutil.copytree(pathlib.Path(tzdata.__file__).parent / "zoneinfo", target, dirs_exist_ok=True)


def main() -> None:
    wit, component = (str(pathlib.Path(argument).resolve()) for argument in sys.argv[1:])
    compiler = HERE / "library"
    world = HERE / "compiler.wit"
    world.write_text(COMPILER_WORLD)
    time_zones(compiler / "zones")
    componentize(compiler, str(world), "library-compiler", "compile_library", str(HERE / "unused.wasm"))
    shutil.copy(compiler / "library.bin", HERE / "library.bin")
    componentize(HERE, wit, "session-plugin", "app", component)


if __name__ == "__main__":
    main()
