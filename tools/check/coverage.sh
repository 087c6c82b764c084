#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: tools/check/coverage.sh GCDA-DIRECTORY [BUILD-DIRECTORY]
# Prints the lines of module/ that the debug guest's tests ran, file by file.
# The annotated sources stay in GCDA-DIRECTORY/work. BUILD-DIRECTORY holds the
# sources and notes of the very build that ran.

. "$(dirname "$0")/../lib.sh"

src=${RILL_MODULE_SRC:-$RILL_TOP}
build=${2:-$RILL_CACHE/build-$(echo "$src" | hash12)/debug}
work=$1/work
rm -rf "$work"
mkdir -p "$work"
# gcov wants the source where the compiler saw it, and the notes (.gcno)
# beside the data (.gcda).
ln -s /rig/module "$work/module"
for data in "$1"/*.gcda; do
	name=$(basename "$data" .gcda)
	notes=$(find "$build" -name "$name.gcno" | head -n 1)
	[ -n "$notes" ] || continue
	cp "$data" "$notes" "$work/"
done
"$RILL_TOP/tools/in-root.sh" "$("$RILL_TOP/tools/root.sh" debug)" \
	"$build=/rig" "$work=/share" -- \
	sh -c 'cd /share && gcov *.gcda' >"$work/gcov.log" 2>&1 || true
# A header's functions are in many objects: a line counts if one ran it.
find "$work" -name '*.gcov' -exec awk -F: '
FNR == 1 { file = "" }
$2 + 0 == 0 && $3 == "Source" {
	file = $4
	sub(/^\/rig\//, "", file)
}
file ~ /^module\// && $2 + 0 > 0 {
	count = $1
	gsub(/[ *]/, "", count)
	if (count == "-")
		next
	key = file SUBSEP ($2 + 0)
	if (!(key in known)) {
		known[key] = 1
		lines[file]++
	}
	if (count !~ /^[#=]/ && !(key in ran)) {
		ran[key] = 1
		hit[file]++
	}
}
END {
	print "Line coverage of module/ (debug kernel)"
	n = 0
	for (file in lines) {
		name[++n] = file
		all += lines[file]
		good += hit[file]
	}
	for (i = 1; i <= n; i++)
		for (j = i + 1; j <= n; j++)
			if (name[j] < name[i]) {
				t = name[i]; name[i] = name[j]; name[j] = t
			}
	for (i = 1; i <= n; i++)
		printf "  %-32s %5.1f %%  of %d\n", name[i],
			100 * hit[name[i]] / lines[name[i]], lines[name[i]]
	if (all)
		printf "  %-32s %5.1f %%  of %d\n", "all", 100 * good / all, all
}' {} +
