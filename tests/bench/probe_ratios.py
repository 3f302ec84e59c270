"""The table of tests/bench/probe. Usage: probe_ratios.py FIGURES SECONDS; a line of FIGURES: round variant echoes."""
import statistics
import sys

seconds = float(sys.argv[2])
rounds = {}
for line in open(sys.argv[1]):
    number, variant, echoes = line.split()
    rounds.setdefault(int(number), {})[variant] = int(echoes)
told = {}
print(f"{'':8} {'echoes/s':>9} {'ratio':>7}   in each round")
for variant in ("alone", "probe", "packets", "tcpdump"):
    figures = [each[variant] for each in rounds.values() if variant in each]
    if not figures:
        continue
    ratios = [each[variant] / each["alone"] for each in rounds.values()]
    told[variant] = statistics.median(ratios)
    print(f"{variant:8} {statistics.median(figures) / seconds:9.0f} {told[variant]:7.3f}   "
          + " ".join(f"{ratio:.3f}" for ratio in ratios))
print(f"probe at least 0.97: {'yes' if told['probe'] >= 0.97 else 'no'}"
      + (f"; better than tcpdump: {'yes' if told['probe'] > told['tcpdump'] else 'no'}" if "tcpdump" in told else ""))
