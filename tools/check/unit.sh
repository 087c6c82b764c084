#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: tools/check/unit.sh [LOGDIR]
# Runs the unit tests of pure code (tests/unit: each program prints TAP) and
# the model of the state machines (tests/model), with the compiler of the 6.12
# root, out of the checkout.

. "$(dirname "$0")/../lib.sh"

dir=${1:-$RILL_CACHE/log/unit}
out=$RILL_CACHE/build-unit-$(echo "$RILL_TOP" | hash12)
mkdir -p "$dir"
rm -f "$dir/results.tsv" "$dir/failures"
if [ ! -e "$RILL_TOP/tests/unit/Makefile" ]; then
	log "no unit tests"
	exit 0
fi
need_root
need rsync
mkdir -p "$out"
rsync -a --delete --exclude=.git "$RILL_TOP/tests" "$RILL_TOP/module" \
	"$RILL_TOP/uapi" "$RILL_TOP/Documentation" "$out/"
root=$("$RILL_TOP/tools/root.sh" 6.12)
status=0
for part in unit model; do
	"$RILL_TOP/tools/in-root.sh" "$root" "$out=/rill" -- \
		make -s -C "/rill/tests/$part" check || status=$?
done >"$dir/output" 2>&1
passed=$(grep -cE '^ok [0-9]+' "$dir/output" || true)
failed=$(grep -cE '^not ok [0-9]+' "$dir/output" || true)
grep -E '^not ok [0-9]+' "$dir/output" | sed 's/^not ok [0-9]*/static: unit:/' \
	>>"$dir/failures" || true
if [ $status != 0 ] && [ "$failed" = 0 ]; then
	failed=1
	echo "static: unit: make failed: $dir/output" >>"$dir/failures"
	tail -n 20 "$dir/output" >&2
fi
printf 'static\tunit\t%d\t%d\t0\n' "$passed" "$failed" >"$dir/results.tsv"
log "unit tests: $passed passed, $failed failed ($dir/output)"
[ "$failed" = 0 ]
