"""What images of Jupyter Docker Stacks do every three seconds: ask where servers say that they run, then ask one."""

import json
import subprocess
import urllib.request
from pathlib import Path

folder = subprocess.run(["jupyter", "--runtime-dir"], check=True, capture_output=True, text=True).stdout.strip()
for file in Path(folder).glob("*server-*.json"):
    with urllib.request.urlopen(json.loads(file.read_text())["url"] + "api") as answer:  # noqa: S310 - http
        print(answer.read())
    break
else:
    raise SystemExit("no server runs")
