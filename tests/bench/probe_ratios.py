"""The table of tests/bench/probe. Usage: probe_ratios.py FIGURES SECONDS; a line of FIGURES: round variant echoes ticks."""
import statistics
import sys

seconds = float(sys.argv[2])
rounds = {}
for line in open(sys.argv[1]):
    number, variant, echoes, ticks = line.split()
    rounds.setdefault(int(number), {})[variant] = (int(echoes), int(ticks) / int(echoes))
rounds = list(rounds.values())


def ratios(variant, which):
    """The median of what each round says, and the half of the rounds around it."""
    base = "tls-alone" if variant.startswith("tls-") else "alone"
    each = [one[variant][which] / one[base][which] for one in rounds]
    low, middle, high = statistics.quantiles(each, n=4) if len(each) > 1 else each * 3
    return middle, f"{middle:6.3f} ({low:.2f}–{high:.2f})"


told = {}
print(f"{'':10} {'echoes/s':>9}   {'ratio':20} {'processor time of the server, each':20}")
for variant in ("alone", "again", "probe", "packets", "tcpdump", "tls-alone", "tls-again", "tls-probe", "tls-beside",
                "tls-floor"):
    if variant not in rounds[0]:
        continue
    rate = statistics.median(one[variant][0] for one in rounds) / seconds
    told[variant], ratio = ratios(variant, 0)
    print(f"{variant:10} {rate:9.0f}   {ratio:20} {ratios(variant, 1)[1]:20}")
print(f"probe at least 0.97: {'yes' if told['probe'] >= 0.97 else 'no'}"
      + (f"; better than tcpdump: {'yes' if told['probe'] > told['tcpdump'] else 'no'}" if "tcpdump" in told else ""))
