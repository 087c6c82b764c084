#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: tools/check/guest.sh KERNEL LOGDIR [PART PARTS]
# Runs the selftests (those that TESTS names) in a guest of one kernel, and
# leaves results.tsv and failures in LOGDIR. With PART and PARTS only every
# PARTSth program, from the PARTth on.

. "$(dirname "$0")/../lib.sh"

kernel=$1 dir=$2 part=${3:-1} parts=${4:-1}
here=$RILL_TOP/tools/check
mkdir -p "$dir"
: >"$dir/results.tsv"
: >"$dir/failures"

# result NAME TEXT STATUS: one check that is no program of the collection.
result()
{
	if [ "$3" = 0 ]; then
		printf '%s\t%s\t1\t0\t0\n' "$kernel" "$1" >>"$dir/results.tsv"
	else
		printf '%s\t%s\t0\t1\t0\n' "$kernel" "$1" >>"$dir/results.tsv"
		echo "$kernel: $1: $2" >>"$dir/failures"
	fi
}

# The programs that TESTS (names or globs) leaves.
select_tests()
{
	local name pattern

	set -f
	while IFS=: read -r _ name; do
		for pattern in ${TESTS:-*}; do
			# shellcheck disable=SC2053 # a glob is meant
			if [[ ${name%.sh} == $pattern || $name == $pattern ]]; then
				echo "rill:$name"
				break
			fi
		done
	done < <(awk -v part="$part" -v parts="$parts" \
		'NR % parts == part % parts' "$install/kselftest-list.txt")
	set +f
}

install=$dir/install
"$here/ksft.sh" "$kernel" "$install" >/dev/null || {
	result selftests "do not build" 1
	exit 0
}
select_tests >"$dir/list"
if [ ! -s "$dir/list" ]; then
	log "$kernel: no selftest is named '$TESTS'"
	exit 0
fi
args=$(sed 's/^/-t /' "$dir/list" | xargs)
BUILD_COPY=$dir/build "$RILL_TOP/tools/module.sh" "$kernel" \
	>/dev/null 2>"$dir/module.log" || {
	result guest "rill.ko does not build: $dir/module.log" 1
	exit 0
}
log "$kernel: starting $(wc -l <"$dir/list") programs in a guest"
status=0
case $kernel in
debug) mem=2G ;;
*) mem=1G ;;
esac
# The verdict on the programs is in their output; the guest's own status tells
# how the kernel fared.
KERNEL=$kernel MODULE=$dir/build/rill.ko LOGDIR=$dir/guest SHARE=$install \
	LEAKS=1 COVERAGE=1 MEM=$mem TIMEOUT=${TIMEOUT:-2700} RUN="
		cp -r /share /tmp/kselftest && cd /tmp/kselftest &&
		./run_kselftest.sh $args; exit 0" \
	"$RILL_TOP/tools/vm/vm.sh" 2> >(tee "$dir/guest.log" >&2) |
	tee "$dir/output" |
	"$here/tap.sh" "$kernel" "$dir/list" "$dir/results.tsv" "$dir/failures" ||
	status=$?
result guest "the kernel did not end well: $dir/guest/console.log" $status
if [ -s "$dir/failures" ]; then
	log "$kernel: failures; see $dir/output and $dir/guest/console.log"
fi
