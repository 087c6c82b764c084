#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# socket(18, ...) loads the module by itself, once it is installed.

set -u

ksft_skip=4
here=$(dirname "$(readlink -f "$0")")

skip()
{
	echo "1..0 # SKIP $*"
	exit $ksft_skip
}

loaded()
{
	grep -q '^rill ' /proc/modules
}

[ "$(id -u)" = 0 ] || skip "needs root"
[ -x "$here/hold_socket" ] || skip "no hold_socket"
modprobe -n -q net-pf-18 2>/dev/null || skip "the module is not installed"
! loaded || modprobe -r rill || skip "the module is in use"

echo "TAP version 13"
echo "1..2"
failed=0
if "$here/hold_socket" </dev/null >/dev/null; then
	echo "ok 1 a socket is made"
else
	echo "not ok 1 a socket is made"
	failed=1
fi
if loaded; then
	echo "ok 2 the module is loaded"
else
	echo "not ok 2 the module is loaded"
	failed=1
fi
exit $failed
