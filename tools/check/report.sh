#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: tools/check/report.sh LOGDIR
# Prints a run's table (test x kernel: passed/failed/skipped), the names of
# what failed, and the closing line; fails if anything failed.

. "$(dirname "$0")/../lib.sh"

dir=$1
cat "$dir"/*/results.tsv 2>/dev/null >"$dir/results.tsv" || true
cat "$dir"/*/failures 2>/dev/null >"$dir/failures" || true

awk -F '\t' '
function cell(test, kernel)
{
	if (!((test, kernel) in passed))
		return "-"
	return passed[test, kernel] "/" failed[test, kernel] "/" \
		skipped[test, kernel]
}
{
	if (!($2 in row)) { row[$2] = ++rows; name[rows] = $2 }
	if (!($1 in col)) { col[$1] = ++cols; head[cols] = $1 }
	passed[$2, $1] += $3
	failed[$2, $1] += $4
	skipped[$2, $1] += $5
}
END {
	order = "static 6.1 6.12 7.2 debug"
	n = split(order, want, " ")
	printf "\n%-28s", "passed/failed/skipped"
	for (i = 1; i <= n; i++)
		if (want[i] in col)
			printf " %11s", want[i]
	print ""
	for (r = 1; r <= rows; r++) {
		printf "%-28s", name[r]
		for (i = 1; i <= n; i++)
			if (want[i] in col)
				printf " %11s", cell(name[r], want[i])
		print ""
	}
}' "$dir/results.tsv"

[ ! -s "$dir/coverage" ] || {
	echo
	cat "$dir/coverage"
}
# Last but one, where the end of a log that was cut still has it.
if [ -s "$dir/failures" ]; then
	echo
	echo "Failed (logs in $dir):"
	sed 's/^/  /' "$dir/failures"
fi
echo
awk -F '\t' '
{ passed += $3; failed += $4; skipped += $5 }
END {
	printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
	exit failed > 0 || passed == 0
}' "$dir/results.tsv"
