#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: [FUZZ_TIME=s] tools/check/fuzz.sh [LOGDIR]
# Fuzzes the module's pure code (tests/fuzz) for FUZZ_TIME seconds (60) in all,
# with the clang of 7.2's root and libFuzzer from its suite; where that cannot
# be had, with gcc and blind mutation. The corpus stays in the cache and grows
# from run to run; crash-* files beside it are inputs that broke something.

# shellcheck source=tools/kernels.sh
. "$(dirname "$0")/../kernels.sh"

dir=${1:-$RILL_CACHE/log/fuzz}
out=$RILL_CACHE/build-fuzz-$(echo "$RILL_TOP" | hash12)
flags=()

# clang's resource directory with the run-time library, which the root has not.
prepare()
{
	[ ! -e "$clang/lib" ] || return 0
	rm -rf "$clang.tmp" && mkdir -p "$clang.tmp"
	(
		set -e
		cd "$clang.tmp"
		apt_of "$suite" apt-get -qq download "$package=$version"
		dpkg-deb -x ./*.deb .
		cp -r "$root/usr/lib/llvm-$major/lib/clang/$major" tree
		cp -r "usr/lib/llvm-$major/lib/clang/$major/lib" tree/
		find tree/lib -type f ! -name '*x86_64*' -delete
	) >"$clang.log" 2>&1 || return
	mv "$clang.tmp/tree" "$clang"
	rm -rf "$clang.tmp"
}

find_clang()
{
	local major suite package version

	suite=$(suite_of 7.2)
	major=$(basename "$(echo "$root"/usr/lib/llvm-*)")
	major=${major#llvm-}
	package=libclang-rt-$major-dev
	version=$(version_in "$suite" "$package")
	[ -n "$version" ] || return
	clang=$RILL_CACHE/fuzz-rt-$(echo "1 $package $version" | hash12)
	locked fuzz-rt prepare && [ -e "$clang/lib" ] || return
	prune "fuzz-rt-*" "$clang"
	flags=(FUZZER=libfuzzer CLANG_FLAGS=-resource-dir=/src)
}

fuzz()
{
	rsync -a --delete --exclude=.git "$RILL_TOP/tests" \
		"$RILL_TOP/module" "$RILL_TOP/uapi" "$out/src/"
	rm -f "$out"/crash-* "$out"/fuzz-*
	"$RILL_TOP/tools/in-root.sh" "$root" "$out/src=/rill" "$out=/build" \
		"$clang=/src" -- make -s -C /rill/tests/fuzz OUT=/build \
		FUZZ_TIME="${FUZZ_TIME:-60}" "${flags[@]}" run
}

need_root
need rsync
root=$("$RILL_TOP/tools/root.sh" 7.2)
mkdir -p "$dir" "$out/src"
rm -f "$dir/results.tsv" "$dir/failures"
clang=$out
find_clang || log "no libFuzzer here: mutating blindly ($clang.log)"
status=0
locked build-fuzz fuzz >"$dir/output" 2>&1 || status=$?
cp "$out"/*.log "$out"/crash-* "$dir/" 2>/dev/null || true
passed=$(grep -cE '^ok [0-9]+' "$dir/output" || true)
failed=$(grep -cE '^not ok [0-9]+' "$dir/output" || true)
grep -E '^not ok [0-9]+' "$dir/output" | sed 's/^not ok [0-9]*/static: fuzz:/' \
	>>"$dir/failures" || true
if [ $status != 0 ] && [ "$failed" = 0 ]; then
	failed=1
	echo "static: fuzz: make failed: $dir/output" >>"$dir/failures"
fi
[ "$failed" = 0 ] || tail -n 40 "$dir/output" >&2
printf 'static\tfuzz\t%d\t%d\t0\n' "$passed" "$failed" >"$dir/results.tsv"
log "fuzz targets: $passed passed, $failed failed ($dir/output)"
[ "$failed" = 0 ]
