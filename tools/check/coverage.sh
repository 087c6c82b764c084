#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: tools/check/coverage.sh LOGDIR...
# Prints the lines of module/ that the debug guests' tests ran, file by file.
# Each LOGDIR is a guest's: build/ holds the sources and notes of the very build
# that ran there, guest/rig/gcov its counts. The annotated sources stay in
# guest/rig/gcov/work.

. "$(dirname "$0")/../lib.sh"

root=$("$RILL_TOP/tools/root.sh" debug)
works=()
for dir in "$@"; do
	build=$dir/build
	data=$dir/guest/rig/gcov
	work=$data/work
	works+=("$work")
	rm -rf "$work"
	mkdir -p "$work"
	# gcov wants the source where the compiler saw it, and the notes
	# (.gcno) beside the data (.gcda).
	ln -s /rig/module "$work/module"
	find "$build/module" -name '*.gcno' | while read -r file; do
		name=${file#"$build/module/"}
		cp "$file" "$work/${name//\//-}"
	done
	cp "$data"/*.gcda "$work/"
	"$RILL_TOP/tools/in-root.sh" "$root" "$build=/rig" "$work=/share" -- \
		sh -c 'cd /share && gcov -p *.gcda' >"$work/gcov.log" 2>&1 || true
done
# A header's functions are in many objects: a line counts if one ran it.
find "${works[@]}" -name '*.gcov' -exec awk -F: '
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
