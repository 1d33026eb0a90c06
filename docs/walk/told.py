"""Prints an answer's outcome and findings, a line each: `curl … | python3 docs/walk/told.py`."""

import json
import sys

answer = json.load(sys.stdin)
print(f"{answer['outcome']}, advice {answer['advice']}")
for finding in answer["findings"]:
    subject, basis = finding["subject"], ", ".join(law["provision"] for law in finding["basis"])
    print(f"{finding['verdict']}: {subject['role']} {subject['index']}: {finding['rule']} {finding['title']} [{basis}]")
