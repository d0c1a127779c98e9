#!/usr/bin/python3
"""Holds the texts in docs/ and the manual pages against the sources and the built programs.

    check.py events|rfc-map|settings                        the sources
    check.py assembled|manuals|checks|commands --bin DIR    the programs in DIR
    check.py checks --write --bin DIR                       puts the list of checks into the page of basic-access-test
"""
import argparse
import importlib.machinery
import importlib.util
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def load_assemble():
    loader = importlib.machinery.SourceFileLoader('assemble', str(ROOT / 'docs/assemble'))
    sys.dont_write_bytecode = True
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader('assemble', loader))
    loader.exec_module(module)
    return module


assemble = load_assemble()


def sources():
    return sorted(p for top in ('common', 'tools') for p in (ROOT / top).rglob('*') if p.suffix in ('.cc', '.h'))


def without_comments(text):
    return re.sub(r'//[^\n]*', '', text)


# Where a name begins the arguments: logger.info("name", …), also logger.info(ok ? "this" : "that", …), and what is written
# into the journal: journal.add(id, "name", …), note("name"), Event{time, "name", …}.
LOGGED = re.compile(r'\b(?:debug|info|warning|error)\(([^,;{)]*)')
JOURNALED = re.compile(r'journal\w*(?:\([^()]*\))?(?:\.|->)add\([^,]*,([^,;]*)|\bnote\(([^,;{)]*)|\bEvent\{[^,{}]*,([^,}]*)', re.I)
NAME = re.compile(r'"([a-z][a-z0-9]*(?:-[a-z0-9]+)*)"')


def events_in_sources():
    found = {}
    for path in sources():
        text = without_comments(path.read_text())
        for match in (*LOGGED.finditer(text), *JOURNALED.finditer(text)):
            for name in NAME.findall(' '.join(group for group in match.groups() if group)):
                found.setdefault(name, path.relative_to(ROOT))
    return found


def check_events():
    used, listed = events_in_sources(), {}
    problems = []
    for place, event, program, *_, journal in assemble.events():
        if (event, program, journal) in listed:
            problems.append(f'{place}: {event} of {program} stands twice, first at {listed[event, program, journal]}')
        listed.setdefault((event, program, journal), place)
    names = {event for event, *_ in listed}
    problems += [f'{path}: event "{name}" is not in docs/events.d' for name, path in used.items() if name not in names]
    literals = set(re.findall(r'"([^"\n]*)"', '\n'.join(without_comments(p.read_text()) for p in sources())))
    problems += [f'{place}: no source writes "{event}"' for (event, *_), place in listed.items() if event not in literals]
    return problems


def check_rfc_map():
    problems = []
    for place, number, _, files, extent, _ in assemble.rfc_rows():
        if extent not in ('yes', 'partial', 'no'):
            problems.append(f'{place}: "{extent}" is neither yes, partial nor no')
        for name in files:
            if extent == 'no' and name in ('', '-', '–'):
                continue
            path = ROOT / name
            if not path.is_file():
                problems.append(f'{place}: there is no file {name}')
                continue
            # A header speaks for its source file, and the other way round.
            texts = [p.read_text() for p in (path, path.with_suffix('.h'), path.with_suffix('.cc')) if p.is_file()]
            if not any(re.search(rf'RFC ?{number}\b', text) for text in texts):
                problems.append(f'{place}: {name} does not name RFC {number}')
    return problems


def check_settings():
    """Asking for a setting that is not in the table aborts the program; one that nobody asks for deceives its reader."""
    table = (ROOT / 'common/config/settings_table.cc').read_text()
    known = set(re.findall(r'"([a-z0-9-]+\.[a-z0-9-]+)"', table))
    not_yet = {re.search(r'"([a-z0-9-]+\.[a-z0-9-]+)"', row)[1] for row in re.split(r'\bnot_yet\(', table)[2:]}
    asked = re.compile(r'\b(?:text|number|durations?|flag|list|part|source|where|as_written)\("([a-z0-9-]+\.[a-z0-9-]+)"')
    texts = {path: without_comments(path.read_text()) for path in sources() if path.parent.name != 'config'}
    literals = set(re.findall(r'"([^"\n]*)"', '\n'.join(texts.values())))
    read = {name for name in known if {name, name[name.index('.'):], name[name.index('.') + 1:]} & literals}
    read |= {name for name in known if name.startswith('log.')}  # by Program::logger()
    problems = [f'{path.relative_to(ROOT)}: there is no setting {name}'
                for path, text in texts.items() for name in asked.findall(text) if name not in known]
    problems += [f'settings_table.cc: nobody reads {name}; if that is so, it is not_yet' for name in sorted(known - read - not_yet)]
    direct = {name for text in texts.values() for name in asked.findall(text)}
    return problems + [f'settings_table.cc: {name} is not_yet and yet read' for name in sorted(not_yet & direct)]


def check_assembled(programs):
    run = subprocess.run([ROOT / 'docs/assemble', '--check', '--bin', programs], capture_output=True, text=True)
    return run.stdout.splitlines() + run.stderr.splitlines()


# ---- manual pages

SECTIONS = ('NAME', 'SYNOPSIS', 'DESCRIPTION', 'EXIT STATUS', 'SEE ALSO')


def options_of(program, words=()):
    """The options and the commands in --help, those that set a setting left out: tubepost.conf(5) has them."""
    text = subprocess.run([program, *words, '--help'], capture_output=True, text=True, timeout=30).stdout
    text = re.sub(r'\nSettings of \[.*?(?=\n\n|\Z)', '', text, flags=re.S)
    options = set(re.findall(r'^ +(--?[A-Za-z][A-Za-z0-9-]*)', text, flags=re.M))
    commands = re.findall(r'^  ([a-z][a-z-]*(?: [a-z-]+)*)  ', text.partition('\nCommands:\n')[2], flags=re.M)
    return options, commands


def rendered(page):
    text = subprocess.run(['mandoc', '-T', 'utf8', page], capture_output=True, text=True).stdout
    return re.sub(r'.\x08', '', text).replace('‐', '-').replace('−', '-')


def lint(page):
    run = subprocess.run(['mandoc', '-T', 'lint', '-W', 'warning', page], capture_output=True, text=True)
    # Pages of other packages need not be installed here.
    return [line for line in run.stdout.splitlines() if 'referenced manual not found' not in line]


def check_page(page, program):
    name = page.relative_to(ROOT)
    problems = [f'{name}: {line}' for line in lint(page)]
    source, text = page.read_text(), rendered(page)
    problems += [f'{name}: has no section {s}' for s in SECTIONS if not re.search(rf'^\.Sh {s}$', source, flags=re.M)]
    if not program.exists():
        return problems + [f'{name}: {program} is not built']
    options, commands = options_of(program)
    for command in commands:
        options |= options_of(program, command.split())[0]
        if not re.search(r'\b' + r'\s+'.join(map(re.escape, command.split())) + r'\b', text):
            last = command.split()[-1]  # commands of a group may stand as "add|remove|list"
            if not re.search(rf'\b{re.escape(last)}\b', text):
                problems.append(f'{name}: does not have the command {command}')
    for option in sorted(options):
        if not re.search(rf'(?<![\w-]){re.escape(option)}(?![\w-])', text):
            problems.append(f'{name}: does not have the option {option}')
    return problems


def check_manuals(programs):
    problems = [f'{line}' for line in lint(ROOT / 'common/config/tubepost.conf.5')]
    for main in sorted((ROOT / 'tools').glob('*/main.cc')):
        tool = main.parent.name
        pages = [p for p in main.parent.glob(f'{tool}.[158]')]
        if not pages:
            problems.append(f'tools/{tool}: has no manual page')
        for page in pages:
            problems += check_page(page, programs / tool)
    return problems


# ---- what programs and pages tell people to run

TOLD = re.compile(r'\bmailadm ([a-z][a-z-]*)')


def check_commands(programs):
    """Whoever reads "mailadm COMMAND" in what a source prints, or between the backquotes of a page, will try it."""
    known = {command.split()[0] for command in options_of(programs / 'mailadm')[1]}
    texts = [(path, text) for path in sources() for text in re.findall(r'"((?:[^"\\\n]|\\.)*)"', without_comments(path.read_text()))]
    pages = (ROOT / 'README.md', *sorted((ROOT / 'docs').rglob('*.md')))
    texts += [(page, text) for page in pages for text in re.findall(r'`([^`]+)`', page.read_text())]
    problems = [f'{path.relative_to(ROOT)}: there is no mailadm {command}' for path, text in texts for command in TOLD.findall(text) if command not in known]
    return problems if known else ['mailadm --help has no commands']


# ---- the checks of basic-access-test: the page has what the program prints

CHECKS = re.compile(r'(?<=\n\.\\" begin of --list-checks-mdoc\n).*?(?=\.\\" end of --list-checks-mdoc\n)', flags=re.S)


def check_checks(programs, write=False):
    page = ROOT / 'tools/basic-access-test/basic-access-test.1'
    printed = subprocess.run([programs / 'basic-access-test', '--list-checks-mdoc'], capture_output=True, text=True, check=True).stdout
    text = page.read_text()
    if write:
        page.write_text(CHECKS.sub(lambda _: printed, text))
        return []
    found = CHECKS.search(text)
    if not printed or not found:
        return [f'{page.relative_to(ROOT)}: has no list of checks']
    if found[0] != printed:
        return [f'{page.relative_to(ROOT)}: the list of checks is not that of the program; tests/docs/check.py checks --write']
    return []


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('what', choices=('events', 'rfc-map', 'settings', 'assembled', 'manuals', 'checks', 'commands'))
    parser.add_argument('--bin', type=pathlib.Path, default=ROOT / 'build/bin')
    parser.add_argument('--write', action='store_true')
    options = parser.parse_args()
    check = globals()['check_' + options.what.replace('-', '_')]
    if options.what == 'checks':
        problems = check(options.bin, options.write)
    else:
        problems = check(options.bin) if options.what in ('assembled', 'manuals', 'commands') else check()
    print('\n'.join(problems) if problems else f'{options.what}: ok')
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
