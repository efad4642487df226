#!/usr/bin/env python3
"""What vsm says of its subcommands and options, as the SUBCOMMANDS of its man page, or as completion for a shell.

pages.py VSM man TEMPLATE | bash | zsh: reads `VSM --help` and `VSM SUBCOMMAND --help`, so that the program's own tables
are the only place where they stand.
"""
import errno
import re
import subprocess
import sys
import time


class Option:
    def __init__(self, name, value, text):
        self.name, self.value, self.text = name, value, text


class Subcommand:
    """One subcommand by its --help: usage, text, options, examples, each behind an empty line."""

    def __init__(self, vsm, name, text):
        self.name, self.text = name, text
        usage, rest = said(vsm, name, "--help").split("\n\n", 1)
        rest, self.examples = rest.split("\nexamples:\n", 1)
        self.usage = usage.removeprefix("usage: ")
        lines = rest.rstrip("\n").split("\n")
        first = next((i for i, line in enumerate(lines) if line.startswith("  --")), len(lines))
        self.about = "\n".join(lines[:first]).strip()
        self.options = [Option("--help", None, "what it does, its options and examples")]
        for line in lines[first:]:
            match = re.fullmatch(r"  (--[a-z-]+)(?: (\S+))? +(\S.*)", line)
            if not match:
                sys.exit(f"vsm {name} --help: not understood: {line}")
            self.options.append(Option(*match.groups()))


def said(*command):
    for _ in range(100):
        try:
            return subprocess.run(command, check=True, capture_output=True, text=True).stdout
        except OSError as e:  # a program that was linked this moment may still be open for writing
            if e.errno != errno.ETXTBSY:
                raise
            time.sleep(0.1)
    sys.exit(f"{command[0]} stays busy")


def subcommands(vsm):
    rows = re.findall(r"^  (\S+) +(\S.*)$", said(vsm, "--help"), re.M)
    return [Subcommand(vsm, name, text) for name, text in rows]


def print_man(template, commands):
    def plain(text):
        return re.sub(r"([\\*_#\[\]<>|`~])", r"\\\1", text)

    out = []
    for c in commands:
        out += [f"## vsm {c.name}", "", "```", c.usage.replace("\n                 ", "\n    "), "```", "",
                plain(c.about), ""]
        for o in c.options[1:]:
            out += [f"*{o.name}*" + (f" _{plain(o.value)}_" if o.value else ""), "\t" + plain(o.text), ""]
        out += ["Examples:", "", "```", re.sub("^  ", "", c.examples.rstrip("\n"), flags=re.M), "```", ""]
    with open(template, encoding="utf-8") as f:
        print(f.read().replace("@SUBCOMMANDS@\n", "\n".join(out)), end="")


COMPLETED_BY = {"FILE": "-f", "DIR": "-d", "DIRECTORY": "-d"}  # arguments of bash's compgen


def choices(value):
    """"on|off": on, off. None where the value is another."""
    return value.split("|") if value and re.fullmatch(r"[a-z0-9-]+(\|[a-z0-9-]+)+", value) else None


BASH = """\
# Completion of vsm for bash, made from its own help.
_vsm() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}} options
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ] || {{ [ "$COMP_CWORD" -eq 2 ] && [ "$before" = help ]; }}; then
    mapfile -t COMPREPLY < <(compgen -W '{names} help --help --version' -- "$word")
    return
  fi
  case "${{COMP_WORDS[1]}} $before" in
{values}
  esac
  case ${{COMP_WORDS[1]}} in
{options}
  *) return ;;
  esac
  case $word in
  -*) mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word") ;;
  *) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
  esac
}}
complete -o filenames -F _vsm vsm
"""


def print_bash(commands):
    values, options = [], []
    for c in commands:
        for o in c.options:
            by = f"-W '{' '.join(choices(o.value))}'" if choices(o.value) else COMPLETED_BY.get(o.value)
            what = f'mapfile -t COMPREPLY < <(compgen {by} -- "$word"); ' if by else ""
            if o.value:
                values.append(f"  '{c.name} {o.name}') {what}return ;;")
        options.append(f"  {c.name}) options='{' '.join(o.name for o in c.options)}' ;;")
    print(BASH.format(names=" ".join(c.name for c in commands), values="\n".join(values), options="\n".join(options)),
          end="")


ZSH = """\
#compdef vsm
# Completion of vsm for zsh, made from its own help.
local -a subcommands=(
{names}
)
if (( CURRENT == 2 )); then
  _describe subcommand subcommands
  return
fi
case $words[2] in
help) _describe subcommand subcommands ;;
{cases}
esac
"""


def print_zsh(commands):
    quote = lambda text: "'" + text.replace("'", "'\\''") + "'"
    inside = lambda text: re.sub(r"([\\:\[\]])", r"\\\1", text)
    actions = {"FILE": "_files", "DIR": "_files -/", "DIRECTORY": "_files -/"}

    def argument(o):
        action = f"({' '.join(choices(o.value))})" if choices(o.value) else actions.get(o.value, " ")
        value = f":{inside(o.value)}:{action}" if o.value else ""
        return quote(f"*{o.name}{'=' if o.value else ''}[{inside(o.text)}]{value}")

    names = "\n".join("  " + quote(f"{c.name}:{c.text}") for c in commands)
    cases = "\n".join(f"{c.name}) shift words; (( CURRENT-- )); _arguments {' '.join(map(argument, c.options))} "
                      "'*:argument:_files' ;;" for c in commands)
    print(ZSH.format(names=names, cases=cases), end="")


def main():
    vsm, form, *template = sys.argv[1:]
    commands = subcommands(vsm)
    if form == "man":
        print_man(template[0], commands)
    else:
        {"bash": print_bash, "zsh": print_zsh}[form](commands)


main()
