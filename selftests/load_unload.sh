#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# rmmod is refused while a socket exists and works afterwards; loading and
# unloading again and again leaves no memory behind. LOADS=n: how often.

set -u

ksft_skip=4
here=$(dirname "$(readlink -f "$0")")
failed=0
number=0

skip()
{
	echo "1..0 # SKIP $*"
	exit $ksft_skip
}

# result STATUS NAME: one line of TAP.
result()
{
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $number $2"
	else
		echo "not ok $number $2"
		failed=1
	fi
}

loaded()
{
	grep -q '^rill ' /proc/modules
}

# The file of the module that is loaded, as far as one can tell.
module_file()
{
	local file

	for file in "${RILL_KO:-}" /rig/rill.ko "$here/../rill.ko" \
		    "$(modinfo -n rill 2>/dev/null)"; do
		if [ -n "$file" ] && [ -e "$file" ]; then
			echo "$file"
			return
		fi
	done
}

# Unused memory comes back a moment after its last use: try for a while.
unload()
{
	local i

	for ((i = 0; i < 100; i++)); do
		rmmod rill 2>/dev/null && return 0
		loaded || return 0
		sleep 0.1
	done
	return 1
}

# kB in slabs, vmalloc and per-CPU areas.
memory()
{
	local i previous=0 now

	sync
	echo 3 >/proc/sys/vm/drop_caches
	# Freeing goes on behind: until it stands still.
	for ((i = 0; i < 20; i++)); do
		now=$(awk '/^(Slab|VmallocUsed|Percpu):/ { n += $2 }
			   END { print n }' /proc/meminfo)
		[ "$now" = "$previous" ] && break
		previous=$now
		sleep 0.2
	done
	echo "$now"
}

# A socket, held by a process until its input ends.
hold()
{
	coproc HOLDER { exec "$here/hold_socket"; }
	read -r line <&"${HOLDER[0]}" && [ "$line" = ready ]
}

release()
{
	local pid=$HOLDER_PID

	eval "exec ${HOLDER[1]}>&-"
	wait "$pid"
}

cycle()
{
	local i

	for ((i = 0; i < $1; i++)); do
		insmod "$ko" || return 1
		"$here/hold_socket" </dev/null >/dev/null || return 1
		unload || return 1
	done
}

[ "$(id -u)" = 0 ] || skip "needs root"
[ -x "$here/hold_socket" ] || skip "no hold_socket"
loaded || skip "the module is not loaded"
ko=$(module_file)
[ -n "$ko" ] || skip "no file of the module (RILL_KO)"

# Fewer on a kernel that checks itself.
if [ -d /sys/kernel/debug/failslab ] || [ -e /sys/kernel/debug/kmemleak ]; then
	loads=${LOADS:-12}
	slack=8192
else
	loads=${LOADS:-100}
	slack=2048
fi

echo "TAP version 13"
echo "1..6"

hold
result $? "a socket is made"
! rmmod rill 2>/dev/null && loaded
result $? "rmmod is refused while it exists"
release
unload
result $? "rmmod works afterwards"

cycle 4
before=$(memory)
cycle "$loads"
result $? "$loads times loaded and unloaded"
after=$(memory)
echo "# $before kB before, $after kB after"
[ $((after - before)) -lt $slack ]
result $? "no memory is left behind"

"$here/load_fault" "$ko"
status=$?
if [ $status = $ksft_skip ]; then
	result 0 "loading without memory # SKIP no fault injection here"
else
	result $status "loading without memory"
fi

# As it was found.
insmod "$ko"
exit $failed
