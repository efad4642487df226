"""Has spin search a model whole: check.py MODEL safety|acks|BREAK_x.

`safety`: its assertions hold, and all of it was reached. `acks`: so does its LTL formula, with weak fairness.
`BREAK_x`: with this defined the property that the model's own table names does not hold; it is looked for alone.
"""
import re
import shutil
import subprocess
import sys
import tempfile

DEPTH = 10000


def run(*command, directory, status=(0,)):
    done = subprocess.run(command, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode in status, f"{' '.join(command)}: {done.stdout}"
    return done.stdout


def search(model, formula, defines):
    """What the search printed. formula: of LTL; None: assertions alone."""
    with tempfile.TemporaryDirectory(prefix="vsmd-model-") as directory:
        run("spin", "-a", *(f"-D{d}" for d in defines), model, directory=directory)
        how = ["-DNFAIR=3"] if formula else ["-DNOCLAIM", "-DSAFETY"]
        run("cc", "-w", "-O2", "-DCOLLAPSE", *how, "-o", "pan", "pan.c", directory=directory)
        how = ["-a", "-f", "-N", formula] if formula else ["-E"]
        out = run("./pan", f"-m{DEPTH}", *how, directory=directory)
    assert "max search depth too small" not in out, out
    return out


def verdict(out):
    """The property that does not hold; None where all was searched and held."""
    if "acceptance cycle (" in out:
        return "acks"
    found = re.search(r"assertion violated \W*(\w+)", out)
    if found:
        return found.group(1)
    assert re.search(r"errors: 0$", out, re.M) and "Search not completed" not in out, out
    return None


def unreached(out):
    """What of the model the search never came to, but for the ends of what never ends."""
    parts = out.split("unreached in ")[1:]
    return [line for part in parts if part.startswith("proctype") for line in part.splitlines()[1:]
            if ", state " in line and "-end-" not in line]


def main():
    model, name = sys.argv[1:]
    if not shutil.which("spin"):
        print("skipped: spin is not installed")
        return 77
    with open(model, encoding="utf-8") as f:
        text = f.read()
    table = dict(re.findall(r"^ +(BREAK_[a-z]+) +([a-z]+) ", text, re.M))
    assert set(re.findall(r"^#if\w+ (BREAK_\w+)", text, re.M)) == set(table), "the table is not what can be broken"
    if name == "safety":
        out = search(model, None, [])
        assert verdict(out) is None, out
        assert not unreached(out), unreached(out)
    elif name == "acks":
        out = search(model, "acks", ["FAULTS=2"])
        assert verdict(out) is None, out
    elif table[name] == "acks":
        out = search(model, "acks", [name, "FAULTS=1"])
        assert verdict(out) == "acks", out
    else:
        out = search(model, None, [name, f"CHECKED={table[name].upper()}", "REPEATS=2"])
        assert verdict(out) == table[name], out
    print(re.search(r".*states, stored.*", out).group())
    return 0


sys.exit(main())
