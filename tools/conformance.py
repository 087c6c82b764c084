#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""usage: tools/conformance.py LOGDIR [Documentation/conformance.rst]

Fills the result columns of the page from the logs of a whole `make check`,
which names LOGDIR in its first line: LOGDIR/<kernel>*/output and
LOGDIR/pair/*/output. A cell is passed/failed/skipped of the tests whose names
begin with the rule's id. A kernel or pair of which there is no log keeps its
cells. Prints what it could not place, and rules that no test of a column has
shown.
"""
import collections
import glob
import os
import re
import sys

KERNELS = ['6.1', '6.12', '7.2', 'debug']
COLUMNS = KERNELS + ['E ' + k for k in KERNELS] + ['pair']
FIRST = 5           # cells before the first column

RUN = re.compile(r'^[# ]*#\s+RUN\s+(\S+) \.\.\.')
END = re.compile(r'^#?\s*(not )?ok (\d+)( - )?\s*(.*)')
RULES = re.compile(r'^(?:C\d\db?_)+')


def rules_of(name):
    """The rules that the last part of a test's name begins with."""
    m = RULES.match(name.split('.')[-1])
    return re.findall(r'C\d\db?', m[0]) if m else []


def on_a_link(name):
    """Does FIXTURE.VARIANT.TEST run over Ethernet?"""
    head = name.split('.')[:-1]
    return any(part.startswith(('ether', 'bridge')) for part in head)


def tests_of(path):
    """(name, result) of each test; result 0 passed, 1 failed, 2 skipped."""
    run = None
    for line in open(path, errors='replace'):
        line = line.rstrip('\r\n')
        m = RUN.match(line)
        if m:
            run = m[1]
            continue
        m = END.match(line)
        if not m:
            continue
        skipped = re.search(r'#\s*(SKIP|XFAIL)', m[4])
        name = run or m[4].split(' #')[0].strip()
        # A program's own line closes its tests.
        if not m[4].startswith('selftests:'):
            yield name, 2 if skipped else 1 if m[1] else 0
        run = None


def main():
    logdir = sys.argv[1]
    page = sys.argv[2] if len(sys.argv) > 2 else 'Documentation/conformance.rst'
    cells = collections.defaultdict(lambda: [0, 0, 0])
    seen = set()
    for kernel in KERNELS:
        for path in glob.glob(os.path.join(logdir, kernel + '*', 'output')):
            base = os.path.basename(os.path.dirname(path))
            if not re.fullmatch(re.escape(kernel) + r'(-\d+)?', base):
                continue
            seen.update([kernel, 'E ' + kernel])
            for name, result in tests_of(path):
                column = 'E ' + kernel if on_a_link(name) else kernel
                for rule in rules_of(name):
                    cells[rule, column][result] += 1
    for path in glob.glob(os.path.join(logdir, 'pair', '*', 'output')):
        seen.add('pair')
        for name, result in tests_of(path):
            for rule in rules_of(name):
                cells[rule, 'pair'][result] += 1
    fill(page, cells, seen)


def fill(page, cells, seen):
    """Write what is in cells[rule, column] of the columns seen."""
    out, placed = [], set()
    for line in open(page):
        m = re.match(r'   "(C\d\db?)","[PFLB ]+",', line)
        if m:
            f = re.findall(r'"([^"]*)"', line)
            if len(f) != FIRST + len(COLUMNS):
                sys.exit('%s: %d cells: %s' % (page, len(f), m[1]))
            for i, column in enumerate(COLUMNS):
                if column not in seen:
                    continue
                c = cells.get((m[1], column))
                placed.add((m[1], column))
                f[FIRST + i] = '%d/%d/%d' % tuple(c) if c else '\u2013'
                if not c and column != 'pair':
                    print('no test of', m[1], 'in', column)
                elif c and c[1]:
                    print(m[1], 'FAILED in', column)
            line = '   ' + ','.join('"%s"' % x for x in f) + '\n'
        out.append(line)
    for key in sorted(set(cells) - placed):
        print('no row for', *key)
    missing = [c for c in COLUMNS if c not in seen]
    if missing:
        print('no log of', ', '.join(missing), '- cells kept')
    open(page, 'w').write(''.join(out))


main()
