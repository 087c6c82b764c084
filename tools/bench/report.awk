# SPDX-License-Identifier: GPL-2.0-only
# usage: awk -f report.awk budget.txt RESULTS...
# Reads the budget and the lines "MODE OPERATION FAMILY VALUE" of rill-bench;
# prints the tables. A line "wall ..." comes once for each round.

function median(list,    n, v, i, j, x)
{
	n = split(list, v, " ")
	for (i = 2; i <= n; i++) {
		x = v[i] + 0
		for (j = i - 1; j > 0 && v[j] + 0 > x; j--)
			v[j + 1] = v[j]
		v[j + 1] = x
	}
	return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}

# The median of the ratios of two families in the same round; "-" without.
function ratio(op, a, b,    n, m, x, y, i, list)
{
	n = split(wall[op, a], x, " ")
	m = split(wall[op, b], y, " ")
	for (i = 1; i <= n && i <= m; i++)
		if (y[i] > 0)
			list = list " " x[i] / y[i]
	return list == "" ? "-" : sprintf("%.2f", median(list))
}

function short(f)
{
	sub("/stream", "/str", f)
	sub("/seqpacket", "/seq", f)
	return f
}

function line(n)
{
	while (n-- > 0)
		printf "-"
	print ""
}

function heads(    j)
{
	printf "%-12s", "operation"
	for (j = 1; j <= families; j++)
		printf " %9s", short(family[j])
	print ""
	line(12 + 10 * families)
}

FNR == NR {
	if ($1 !~ /^(#|link)/ && NF == 3) {
		limits++
		limit_op[limits] = $1
		limit_family[limits] = $2
		limit[limits] = $3
	}
	next
}

NF != 4 || ($1 != "icount" && $1 != "wall") {
	next
}

{
	if ($3 != "floor" && !($3 in seen_family)) {
		seen_family[$3] = 1
		family[++families] = $3
	}
	if ($3 != "floor" && !($2 in seen_op)) {
		seen_op[$2] = 1
		op[++ops] = $2
	}
	if ($3 == "floor" && $1 == "icount")
		floor[++floors] = $2
	if ($1 == "icount") {
		icount[$2, $3] = $4
		any_icount = 1
	} else if ($4 != "-") {
		wall[$2, $3] = wall[$2, $3] " " $4
		any_wall = 1
	}
}

END {
	if (any_icount) {
		print "Guest instructions for one operation, medians (memory, memfree: bytes a pair)"
		heads()
		for (i = 1; i <= ops; i++) {
			printf "%-12s", op[i]
			for (j = 1; j <= families; j++)
				printf " %9s", icount[op[i], family[j]]
			print ""
		}
		print "\nThe floor below any protocol"
		for (i = 1; i <= floors; i++)
			printf "%-12s %9s\n", floor[i], icount[floor[i], "floor"]
		print "\nBudget"
		printf "%-12s %-16s %9s %9s  %s\n", "operation", "family", \
			"limit", "measured", "reached"
		line(60)
		for (i = 1; i <= limits; i++) {
			value = icount[limit_op[i], limit_family[i]]
			if (value == "" || value == "-") {
				missing++
				verdict = "not measured"
				value = "-"
			} else if (value + 0 <= limit[i] + 0) {
				reached++
				verdict = "yes"
			} else {
				over++
				verdict = sprintf("no, %+.1f %%", \
					100 * (value / limit[i] - 1))
			}
			printf "%-12s %-16s %9d %9s  %s\n", limit_op[i], \
				limit_family[i], limit[i], value, verdict
		}
		printf "%d reached, %d not, %d not measured\n", reached, over, missing
	}
	if (any_wall) {
		print "\nWall time for one operation, microseconds, medians of rounds"
		heads()
		for (i = 1; i <= ops; i++) {
			if (op[i] ~ /^mem/)
				continue
			printf "%-12s", op[i]
			for (j = 1; j <= families; j++)
				if (wall[op[i], family[j]] == "")
					printf " %9s", "-"
				else
					printf " %9.1f", \
						median(wall[op[i], family[j]]) / 1000
			print ""
		}
		print "\nWall time of AF_RILL as a ratio to others in the same round, medians" \
			" (below 1: AF_RILL is faster)"
		printf "%-12s %12s %12s %12s %12s\n", "operation", "str/unix", \
			"str/tcp", "seq/unix", "seq/tipc"
		line(64)
		for (i = 1; i <= ops; i++)
			if (op[i] !~ /^mem/)
				printf "%-12s %12s %12s %12s %12s\n", op[i], \
					ratio(op[i], "rill/stream", "unix/stream"), \
					ratio(op[i], "rill/stream", "tcp"), \
					ratio(op[i], "rill/seqpacket", "unix/seqpacket"), \
					ratio(op[i], "rill/seqpacket", "tipc/seqpacket")
	}
}
