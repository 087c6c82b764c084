#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Print a tools/testing/selftests directory with lib.mk: one of an unpacked
# kernel source, else the needed files taken out of the tar file that Debian's
# package linux-source-* installs, into the cache directory.

set -eu

for dir in "/lib/modules/$(uname -r)/build" "/lib/modules/$(uname -r)/source" \
	/usr/src/linux-source-*; do
	if [ -f "$dir/tools/testing/selftests/lib.mk" ]; then
		echo "$dir/tools/testing/selftests"
		exit 0
	fi
done

cache=${RILL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rill}
for tar in /usr/src/linux-source-*.tar.*; do
	[ -f "$tar" ] || continue
	out=$cache/kselftest-$(basename "${tar%.tar.*}")
	if [ ! -d "$out" ]; then
		tmp=$(mktemp -d "${TMPDIR:-/tmp}/ksft.XXXXXX")
		tar -xf "$tar" -C "$tmp" --strip-components=1 --wildcards \
			'*/tools/testing/selftests/lib.mk' \
			'*/tools/testing/selftests/kselftest*' \
			'*/tools/testing/selftests/clock-helpers.h' \
			'*/scripts/subarch.include' >&2 2>/dev/null || true
		mkdir -p "$cache"
		mv "$tmp" "$out"
	fi
	if [ -f "$out/tools/testing/selftests/lib.mk" ]; then
		echo "$out/tools/testing/selftests"
		exit 0
	fi
done

echo "no kselftest: install linux-source-* or set KSFT_DIR" >&2
exit 1
