"""Makes the component."""
import subprocess
import sys

wit, component = sys.argv[1:]
subprocess.run(
    ["componentize-py", "-d", wit, "-w", "session-plugin", "componentize", "app", "-o", component],
    check=True,
)
