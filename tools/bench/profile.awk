# SPDX-License-Identifier: GPL-2.0-only
# Reads kallsyms lines and the plugin's lines, sorted together by address
# (both have 16 digits, so text order is the order of addresses); prints the
# instructions and entries of each function for one operation.

$1 == "windows" {
	windows = $2
	next
}

# A symbol: ADDRESS TYPE NAME [MODULE]. The last of several at one address.
$2 ~ /^[A-Za-z]$/ {
	name = $3 (NF > 3 ? " " $4 : "")
	base = $1
	next
}

{
	f = $1 < "8" ? "(user space)" : name
	insns[f] += $2
	total += $2
	if ($1 == base)
		calls[f] += $3
	m = f ~ /\[/ ? substr(f, index(f, "[")) : $1 < "8" ? "(user)" : "kernel"
	module[m] += $2
}

END {
	if (!windows)
		exit 1
	printf "%10s %6s %8s  %s\n", "instr/op", "%", "calls/op", "function"
	for (f in insns)
		printf "%10.0f %6.1f %8.2f  %s\n", insns[f] / windows, \
			100 * insns[f] / total, calls[f] / windows, f | "sort -rn"
	close("sort -rn")
	printf "%10.0f  100.0           all, of %d operations\n", \
		total / windows, windows
	for (m in module)
		printf "%10.0f %6.1f           in %s\n", module[m] / windows, \
			100 * module[m] / total, m
}
