#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The demo, inside the guest: /share holds rill.ko and the program outcomes.

set -euo pipefail

# What socat wants of an address: struct sockaddr_rill after the family, in
# hex: port 8080, interface 0 (any), no hardware address (this host), zero.
address=x1f90000000000000000000000000

step()
{
	printf '\n=== %s\n' "$*"
}

# Shows a command as typed, then runs it.
run()
{
	echo "# $*"
	"$@"
}

sockets()
{
	run cat /proc/net/rill/sockets
}

# Waits for the state itself: a listener on port 8080.
listening()
{
	until grep -q 'LISTEN.*:8080 ' /proc/net/rill/sockets; do
		kill -0 "$receiver"
		sleep 0.05
	done
}

step "1. The module: no parameter, no configuration"
run uname -r
run insmod /share/rill.ko
echo "# cat /proc/net/rill/family"
echo "AF_RILL is $(cat /proc/net/rill/family)"

step "2. A file goes over AF_RILL by an unmodified socat"
file=$(readlink -f /usr/bin/python3)
echo "# socat -u SOCKET-LISTEN:18:0:$address CREATE:/tmp/received &"
socat -u "SOCKET-LISTEN:18:0:$address" CREATE:/tmp/received &
receiver=$!
listening
sockets
echo "# socat -u FILE:$file SOCKET-CONNECT:18:0:$address"
socat -u "FILE:$file" "SOCKET-CONNECT:18:0:$address"
wait $receiver
run ls -l "$file" /tmp/received
run sha256sum "$file" /tmp/received
sent=$(sha256sum <"$file")
received=$(sha256sum </tmp/received)
if [ "$sent" != "$received" ]; then
	echo "The sums DIFFER."
	exit 1
fi
echo "The sums are equal."

step "3. A connect that is refused"
run /share/outcomes refused

step "4. A connect that a signal interrupts goes on by itself"
run /share/outcomes interrupted

step "5. A connect that times out leaves nothing behind"
run /share/outcomes timeout

step "6. Afterwards"
sockets
run cat /proc/net/rill/counters
run rmmod rill
echo "The module is gone."
