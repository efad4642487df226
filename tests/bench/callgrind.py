#!/usr/bin/python3
"""Instructions per event of fixed scenarios, counted by callgrind, against the figures in callgrind.txt.

callgrind.py PROGRAM            fails where a scenario costs more than the tolerance above its figure
callgrind.py --update PROGRAM   writes the figures anew
"""
import pathlib
import re
import subprocess
import sys
import tempfile

FIGURES = pathlib.Path(__file__).with_name("callgrind.txt")
TOLERANCE = 0.10


def instructions_per_event(program, name):
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder, "out")
        run = subprocess.run(
            ["valgrind", "--tool=callgrind", "--toggle-collect=scenario_run", f"--callgrind-out-file={out}", program, name],
            capture_output=True, text=True)
        if run.returncode != 0:
            sys.exit(f"{name}: {run.stderr}")
        events = int(run.stdout.split()[1])
        count = int(re.search(r"^(?:summary|totals): (\d+)", out.read_text(), re.M).group(1))
    if count == 0:
        sys.exit(f"{name}: nothing was counted")
    return count / events


def read_figures():
    lines = (line.split() for line in FIGURES.read_text().splitlines() if line and not line.startswith("#"))
    return {name: float(figure) for name, figure in lines}


def main():
    update = sys.argv[1] == "--update"
    program = sys.argv[-1]
    names = subprocess.run([program], capture_output=True, text=True, check=True).stdout.split()
    measured = {name: instructions_per_event(program, name) for name in names}
    if update:
        FIGURES.write_text("# Instructions per event; written by ./dev bench --callgrind-update\n"
                           + "".join(f"{name} {figure:.0f}\n" for name, figure in measured.items()))
    figures = read_figures()
    dearer = False
    for name, count in measured.items():
        if name not in figures:
            sys.exit(f"{name} has no figure: ./dev bench --callgrind-update")
        change = count / figures[name] - 1
        remark = ""
        if change > TOLERANCE:
            remark, dearer = "  DEARER", True
        elif change < -TOLERANCE:
            remark = "  cheaper: ./dev bench --callgrind-update keeps it so"
        print(f"{name:10} {count:8.0f} instructions per event, {change:+.1%} against {figures[name]:.0f}{remark}")
    return dearer


sys.exit(main())
