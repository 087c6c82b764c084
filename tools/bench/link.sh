#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: tools/bench/link.sh up | clean | away | lossy | shaped
# The link that rill-bench --link measures on: namespaces near and far, joined
# by veth near0, far0 for AF_RILL and TCP, and near1, far1 for TIPC.

set -euo pipefail

ends()
{
	local end=$1 other=$2 number=$3 n

	ip netns exec "$end" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	ip -n "$end" link set lo up
	for n in 0 1; do
		ip -n "$end" link set "$end$n" up
	done
	ip -n "$end" address add "10.9.0.$number/24" dev "${end}0"
	ip -n "$end" neighbour add "10.9.0.$((3 - number))" dev "${end}0" \
		lladdr "$(ip netns exec "$other" cat "/sys/class/net/${other}0/address")"
}

# TIPC looks in its neighbours' discovery for a mark of its own kernel, and
# hands messages over without the link then: the mark is wiped out.
tipc_end()
{
	local end=$1

	tc -n "$end" qdisc add dev "${end}1" clsact
	tc -n "$end" filter add dev "${end}1" egress protocol 0x88ca \
		u32 match u8 0x1a 0x1e at 0 \
		action pedit munge offset 52 u32 set 0
	ip netns exec "$end" tipc bearer enable media eth device "${end}1"
}

tipc_up()
{
	local i

	modprobe -q tipc || return 0
	tipc_end near
	tipc_end far
	for ((i = 0; i < 200; i++)); do
		! ip netns exec near tipc link list | grep -q 'far1: up' ||
			return 0
		sleep 0.1
	done
	echo "TIPC finds no neighbour" >&2
}

up()
{
	local n

	ip netns add near
	ip netns add far
	for n in 0 1; do
		ip link add "near$n" netns near type veth peer name "far$n" netns far
	done
	ends near far 1
	ends far near 2
	tipc_up
}

clean()
{
	local end n

	for end in near far; do
		for n in 0 1; do
			tc -n "$end" qdisc del dev "$end$n" root 2>/dev/null || true
		done
	done
}

# shape RATE LIMIT NETEM...: what tbf lets by are single frames, even of who
# hands over many at once: otherwise these would be lost together. The queue is
# netem's, of so many frames.
shape()
{
	local end n

	clean
	for end in near far; do
		for n in 0 1; do
			tc -n "$end" qdisc add dev "$end$n" root handle 1: \
				tbf rate "$1" burst 3000 limit "$2"
			tc -n "$end" qdisc add dev "$end$n" parent 1:1 \
				netem "${@:3}"
		done
	done
}

case $1 in
up) up ;;
clean) clean ;;
away) shape 10gbit 20mb delay 5ms limit 20000 ;;
lossy) shape 10gbit 20mb delay 5ms loss 1% limit 20000 ;;
shaped) shape 10mbit 1mb delay 5ms limit 40 ;;
esac
