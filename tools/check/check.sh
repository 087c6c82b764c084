#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: [KERNELS="6.12 debug"] [TESTS="connect bind*"] tools/check/check.sh
# Everything that proves rill: static checks, unit tests, fuzzing (FUZZ_TIME
# seconds), DKMS, the selftests in a guest of each kernel, two at a time, and two
# guests on one wire. Ends with a table and the line 'N passed, N failed, N
# skipped'; fails if anything failed. With TESTS only the guests run, and the
# wire if one of the names is "pair".

# shellcheck source=tools/kernels.sh
. "$(dirname "$0")/../kernels.sh"

here=$RILL_TOP/tools/check
kernels=${KERNELS:-$ALL_KERNELS}
dir=$RILL_CACHE/log/check-$(date +%Y%m%d-%H%M%S)

# Two guests at a time. The debug kernel is slow: it comes first, and its
# programs are shared between two guests; so are those of the last kernel if its
# guest would be alone at the end.
guests()
{
	local kernel running=0 jobs=() left

	mapfile -t left < <(echo "$kernels" | xargs -n 1 | sort -ru)
	while [ ${#left[@]} -gt 0 ]; do
		kernel=${left[0]}
		left=("${left[@]:1}")
		if [ -z "${TESTS:-}" ] && { [ "$kernel" = debug ] ||
			[ $((${#left[@]} + ${#jobs[@]} % 2)) = 0 ]; }; then
			jobs+=("$kernel $kernel-1 1 2" "$kernel $kernel-2 2 2")
		else
			jobs+=("$kernel $kernel 1 1")
		fi
	done
	for job in "${jobs[@]}"; do
		if [ $running -ge 2 ]; then
			wait -n || true
			running=$((running - 1))
		fi
		# shellcheck disable=SC2086 # its words
		one_guest $job &
		running=$((running + 1))
	done
	wait
}

# one_guest KERNEL NAME PART PARTS
one_guest()
{
	local kernel=$1 name=$2

	"$here/guest.sh" "$kernel" "$dir/$name" "$3" "$4" || {
		printf '%s\tguest\t0\t1\t0\n' "$kernel" >>"$dir/$name/results.tsv"
		echo "$kernel: the rig failed" >>"$dir/$name/failures"
	}
	[ -n "${TESTS:-}" ] || [ "$kernel" = debug ] || [ "$3" != 1 ] ||
		"$here/dkms.sh" "$kernel" "$dir/dkms-$kernel" || true
}

# part NAME COMMAND...: a script that leaves results.tsv, or fails as one test.
part()
{
	local name=$1
	shift

	mkdir -p "$dir/$name"
	if ! "$@" && [ ! -s "$dir/$name/failures" ]; then
		printf 'static\t%s\t0\t1\t0\n' "$name" >>"$dir/$name/results.tsv"
		echo "$name: failed" >>"$dir/$name/failures"
	fi
}

need_root
mkdir -p "$dir"
started=$SECONDS
for kernel in $kernels; do
	suite_of "$kernel" >/dev/null
done
log "logs go to $dir"
need mmdebstrap mksquashfs=squashfs-tools xz=xz-utils zstd cpio modprobe=kmod \
	rsync git shellcheck qemu-system-x86_64=qemu-system-x86
# What is missing is made first, so that nothing waits inside a check.
for kernel in $kernels; do
	"$RILL_TOP/tools/root.sh" "$kernel" >/dev/null
	"$RILL_TOP/tools/source.sh" "$kernel" >/dev/null
	"$RILL_TOP/tools/vm/boot.sh" "$kernel" >/dev/null
done
log "guests are ready ($((SECONDS - started)) s)"
if [ -z "${TESTS:-}" ]; then
	# shellcheck disable=SC2086 # a list
	part style "$here/style.sh" "$dir/style" $kernels
	part unit "$here/unit.sh" "$dir/unit"
	part fuzz "$here/fuzz.sh" "$dir/fuzz"
fi
[ "${TESTS:-}" = pair ] || guests
if [[ " ${TESTS:-pair} " == *" pair "* ]]; then
	# shellcheck disable=SC2086 # a list
	part pair "$here/pair.sh" "$dir/pair" $kernels
fi
covered=("$dir"/debug*/guest/rig/gcov)
if [ -d "${covered[0]}" ]; then
	"$here/coverage.sh" "${covered[@]%/guest/rig/gcov}" >"$dir/coverage" ||
		log "no coverage could be told"
fi
find "$RILL_CACHE/log" -mindepth 1 -maxdepth 1 -mtime +3 -exec rm -rf {} + ||
	true
log "took $(((SECONDS - started) / 60)) min $(((SECONDS - started) % 60)) s"
"$here/report.sh" "$dir"
