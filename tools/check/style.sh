#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: tools/check/style.sh [LOGDIR [KERNEL...]]
# The checks that need no guest: the module without a warning for each kernel
# (gcc, W=1), for the newest also with clang and sparse, checkpatch --strict,
# kernel-doc, shellcheck. Each counts as one test; a check's output is kept in
# LOGDIR/<check>.log, and shown when it fails.

# shellcheck source=tools/kernels.sh
. "$(dirname "$0")/../kernels.sh"

dir=${1:-$RILL_CACHE/log/style}
[ $# = 0 ] || shift
kernels=${*:-$ALL_KERNELS}
here=$RILL_TOP/tools/check
checked=0 bad=0
rm -rf "$dir"
mkdir -p "$dir"

# C files that are ours to the letter, as paths from the top.
c_files()
{
	cd "$RILL_TOP" || return
	find module uapi selftests tests tools -name '*.[ch]' 2>/dev/null |
		grep -v -e '/\.' -e '\.mod\.c$' | sort
}

# check NAME COMMAND...: passes when the command succeeds and prints nothing.
check()
{
	local name=$1 log=$dir/${1// /-}.log status=0
	shift

	"$@" >"$log" 2>&1 </dev/null || status=$?
	checked=$((checked + 1))
	if [ $status = 0 ] && [ ! -s "$log" ]; then
		printf 'static\t%s\t1\t0\t0\n' "$name" >>"$dir/results.tsv"
		log "static: $name: passed"
		return 0
	fi
	bad=$((bad + 1))
	printf 'static\t%s\t0\t1\t0\n' "$name" >>"$dir/results.tsv"
	echo "static: $name: $log" >>"$dir/failures"
	log "static: $name: FAILED ($log)"
	head -n 20 "$log" >&2
}

# A whole build into an empty directory, so that every warning shows.
fresh_build()
{
	local name=$1 kernel=$2
	shift 2
	rm -rf "$RILL_CACHE"/build-*/"$name"
	BUILD_NAME=$name "$here/../module.sh" "$kernel" "$@" 2>&1 >/dev/null |
		grep -vE 'Skipping BTF generation|module verification'
	[ "${PIPESTATUS[0]}" = 0 ]
}

in_source()
{
	"$RILL_TOP/tools/in-root.sh" "$root" "$source=/src" "$RILL_TOP=/rill" -- \
		sh -c "cd /rill && $*"
}

# run_checkpatch IGNORED FILE...
run_checkpatch()
{
	local ignored=$1
	shift
	# A namespace's own ctl_table is written to, as all over net/.
	in_source "/src/scripts/checkpatch.pl --no-tree --strict --terse \
		--no-summary --quiet --show-types \
		--ignore FILE_PATH_CHANGES,EMBEDDED_FILENAME,$ignored \
		-f $*" | grep -v 'struct ctl_table should normally be const' || true
}

# Two kinds of file are written as the kernel has them, against checkpatch:
# version conditionals where they belong, and TRACE_EVENT().
checkpatch()
{
	# shellcheck disable=SC2046 # one word per file
	run_checkpatch LINUX_VERSION_CODE,CONSTANT_COMPARISON \
		$(c_files | grep '^module/compat/')
	run_checkpatch OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT module/trace.h
	# shellcheck disable=SC2046
	run_checkpatch NONE \
		$(c_files | grep -v -e '^module/compat/' -e '^module/trace.h')
}

kernel_doc()
{
	in_source "/src/scripts/kernel-doc -none -Wall \
		$(c_files | grep -E '^(module|uapi)/' | xargs)"
}

# What the design forbids outside module/compat.
no_version_conditional()
{
	! grep -rnE 'LINUX_VERSION_CODE|KERNEL_VERSION\(' "$RILL_TOP/module" \
		"$RILL_TOP/uapi" --include='*.[ch]' | grep -v "/module/compat/"
}

spdx()
{
	local file

	(cd "$RILL_TOP" && git ls-files -co --exclude-standard) |
		while read -r file; do
			head -n 12 "$RILL_TOP/$file" 2>/dev/null |
				grep -q 'SPDX-License-Identifier' ||
				[ ! -s "$RILL_TOP/$file" ] || echo "$file: no SPDX line"
		done
}

shell_files()
{
	(
		cd "$RILL_TOP" || return
		git ls-files -co --exclude-standard |
			while read -r file; do
				[ ! -f "$file" ] || ! head -n 1 "$file" |
					grep -qE '^#!.*(bash|/sh)' || echo "$file"
			done
	)
}

shell_check()
{
	(
		cd "$RILL_TOP" || return
		# SC1091: a sourced file that is not on this machine.
		shell_files | xargs -r shellcheck -x -e SC1091
	)
}

headers()
{
	local out

	out=$(mktemp -d)
	make -s -C "$RILL_TOP" install-headers DESTDIR="$out" PREFIX=/usr
	echo '#include <linux/rill.h>' >"$out/t.c"
	"$RILL_TOP/tools/in-root.sh" "$root" "$out=/share" -- \
		gcc -std=c99 -Wall -Wextra -Werror -I/share/usr/include \
		-fsyntax-only /share/t.c
	rm -rf "$out"
}

need_root
need git shellcheck
root=$("$RILL_TOP/tools/root.sh" 7.2)
source=$("$RILL_TOP/tools/source.sh" debug)
for kernel in $kernels; do
	check "gcc $kernel" fresh_build "style-$kernel" "$kernel"
done
check clang "$here/clang.sh"
# Debian's sparse is too old for the headers of 7.2 and later.
check sparse fresh_build style-sparse 6.12 C=2
check checkpatch checkpatch
check kernel-doc kernel_doc
check headers headers
check "version conditionals" no_version_conditional
check SPDX spdx
check shellcheck shell_check
log "static checks: $((checked - bad)) passed, $bad failed"
[ $bad = 0 ]
