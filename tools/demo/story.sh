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

# on HOST COMMAND...: the same on one of the two hosts.
on()
{
	echo "$1# ${*:2}"
	ip netns exec "$1" "${@:2}"
}

sockets()
{
	run cat /proc/net/rill/sockets
}

# Waits for the state itself: a listener on port 8080 (of a host).
listening()
{
	until ${1:+ip netns exec "$1"} grep -q 'LISTEN.*:8080 ' \
		/proc/net/rill/sockets; do
		kill -0 "$receiver"
		sleep 0.05
	done
}

# same FILE FILE
same()
{
	run sha256sum "$1" "$2"
	cmp "$1" "$2" || {
		echo "The sums DIFFER."
		exit 1
	}
	echo "The sums are equal."
}

# Two namespaces are two hosts, a veth is the cable; no address but the MAC.
hosts()
{
	local host

	ip netns add left
	ip netns add right
	ip link add cable netns left type veth peer name cable netns right
	for host in left right; do
		ip -n $host link set cable addrgenmode none
		ip -n $host link set cable up
	done
	on left ip -brief address show cable
	on right ip -brief address show cable
	mac=$(ip netns exec right cat /sys/class/net/cable/address)
	remote=x1f9000000000${mac//:/}0000
}

# both NETEM-WORDS...: what the cable does to frames, each way.
both()
{
	local host

	for host in left right; do
		on $host tc qdisc replace dev cable root netem "$@"
	done
}

# Starts a receiver on the right; what it gets goes to FILE.
receive()
{
	rm -f "$1"
	echo "right# socat -u SOCKET-LISTEN:18:0:$address CREATE:$1 &"
	ip netns exec right socat -u "SOCKET-LISTEN:18:0:$address" "CREATE:$1" &
	receiver=$!
	listening right
}

bytes()
{
	stat -c %s "$1" 2>/dev/null || echo 0
}

# Until more than SIZE bytes of FILE are there.
arrived()
{
	until [ "$(bytes "$1")" -gt "$2" ]; do
		kill -0 "$sender"
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
same "$file" /tmp/received

step "3. A connect that is refused"
run /share/outcomes refused

step "4. A connect that a signal interrupts goes on by itself"
run /share/outcomes interrupted

step "5. A connect that times out leaves nothing behind"
run /share/outcomes timeout

step "6. Two hosts and a cable, no IP address; the cable loses 5 % of the frames"
hosts
both loss 5%
receive /tmp/across
on left socat -u "FILE:$file" "SOCKET-CONNECT:18:0:$remote"
wait $receiver
same "$file" /tmp/across
on left grep -E '^(tx_frames|retransmits)' /proc/net/rill/counters

step "7. The cable is pulled during a transfer, and plugged again"
both rate 20mbit
receive /tmp/pulled
echo "left# socat -u FILE:$file SOCKET-CONNECT:18:0:$remote &"
ip netns exec left socat -u "FILE:$file" "SOCKET-CONNECT:18:0:$remote" &
sender=$!
arrived /tmp/pulled $(($(bytes "$file") / 4))
on right ip link set cable down
on left cat /sys/class/net/cable/carrier
before=$(bytes /tmp/pulled)
# As long as somebody needs to plug it again.
sleep 2
echo "  $before of $(bytes "$file") bytes were there, 2 seconds later $(bytes /tmp/pulled)"
on right ip link set cable up
wait $sender
wait $receiver
same "$file" /tmp/pulled

step "8. A broadcast connect finds the service"
receive /tmp/found
on left /share/outcomes broadcast
wait $receiver
on right cat /tmp/found

step "9. Afterwards"
run ip netns delete left
run ip netns delete right
sockets
echo "# grep -v ' 0\$' /proc/net/rill/counters"
grep -v ' 0$' /proc/net/rill/counters
# The namespaces end in the background.
until [ "$(cat /sys/module/rill/refcnt)" = 0 ]; do
	sleep 0.1
done
run rmmod rill
echo "The module is gone."
