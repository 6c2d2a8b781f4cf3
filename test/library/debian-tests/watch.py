# Says until it is ended which processes ran in a domain, and which of a program outside of it.
#   watch.py DOMAIN PROGRAM
import json
import os
import re
import signal
import sys
import time

LOOK_AGAIN_S = 0.1
domain, program = sys.argv[1], os.path.realpath(sys.argv[2])
in_domain = re.compile(r"/cofferdam/" + re.escape(domain) + r"\.[0-9a-f]{16}/")
with open(program, "rb") as file:
    is_script = file.read(2) == b"#!"


def runs_program(folder):
    if not is_script:
        return os.readlink(f"{folder}/exe") == program
    with open(f"{folder}/cmdline", encoding="utf-8", errors="replace") as file:
        return any(os.path.realpath(word) == program for word in file.read().split("\0")[:3])


def look(seen):
    for pid in filter(str.isdigit, os.listdir("/proc")):
        folder = f"/proc/{pid}"
        try:
            with open(f"{folder}/cgroup", encoding="utf-8") as file:
                group = file.read()
            if in_domain.search(group):
                seen["domain"].add(pid)
            elif runs_program(folder):
                seen["elsewhere"].add(pid)
        except OSError:
            pass  # it has ended, or is of the kernel's


ended = []
signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
seen = {"domain": set(), "elsewhere": set()}
look(seen)
before = set(seen["domain"])
while not ended:
    time.sleep(LOOK_AGAIN_S)
    look(seen)
print(
    json.dumps(
        {
            "domain": len(seen["domain"]),
            "started": len(seen["domain"] - before),
            "elsewhere": len(seen["elsewhere"] - seen["domain"]),
        }
    )
)
