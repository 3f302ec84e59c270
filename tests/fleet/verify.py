"""Holds what arrived at the engines to what was sent and to what the application did, for check-fleet.

Usage: verify.py WHAT ARGUMENT…; exit code 1 and a line when it does not hold.
"""
import bisect
import collections
import glob
import json
import re
import sys
import urllib.parse
import urllib.request


def fail(text):
    sys.exit(text[:1500])


def lines(paths):
    for path in paths:
        with open(path, errors="replace") as file:
            for line in file:
                if line.endswith("}\n"):
                    yield json.loads(line)


def value_of(value):
    return next(iter(value.values())) if value else None


def attributes(item):
    return {each["key"]: value_of(each["value"]) for each in item.get("attributes", [])}


def records(requests, instance=None):
    """Log records of Export requests, or of the lines that the collector's file exporter writes, which are the same."""
    for request in requests:
        for resource in request.get("resourceLogs", []):
            if instance and attributes(resource["resource"]).get("service.instance.id") != instance:
                continue
            for scope in resource["scopeLogs"]:
                yield from scope["logRecords"]


def spans(requests, instance=None):
    for request in requests:
        for resource in request.get("resourceSpans", []):
            if instance and attributes(resource["resource"]).get("service.instance.id") != instance:
                continue
            for scope in resource["scopeSpans"]:
                yield from scope["spans"]


def key_of_event(record):
    about = attributes(record)
    return (record["timeUnixNano"], record["eventName"], about.get("network.io.direction"),
            about.get("messaging.socket.io.event_name"), about.get("sioscope.event.bytes"))


def events_of(requests, instance=None):
    """Those that the packets show: a process's log lines are not in a file of them, and gaps of that file not in a process."""
    return [key_of_event(each) for each in records(requests, instance)
            if each["eventName"] not in ("sioscope.finding", "sioscope.log", "sioscope.gap")]


def lost(report, signal):
    """Items of a signal that the report says were not delivered, by its text: "metrics: 3 refused, findings: 1 expired"."""
    text = " ".join(each["text"] for each in json.load(open(report))["unseen"] if each["reason"] == "not-exported")
    return sum(int(number) for number in re.findall(rf"\b{signal}: (\d+) ", text))


def compare_signal(name, wanted, arrived, dropped):
    wanted, arrived = collections.Counter(wanted), collections.Counter(arrived)
    strange = [each for each in arrived if each not in wanted]
    missing = sum(count for each, count in wanted.items() if each not in arrived)
    if strange:
        fail(f"{name}: {len(strange)} arrived that no capture has, as {strange[:2]}")
    if missing != dropped:
        fail(f"{name}: of {sum(wanted.values())} {missing} did not arrive, and {dropped} are reported as lost")
    doubles = sum(count - 1 for count in arrived.values() if count > 1)
    print(f"{name}: {sum(wanted.values())} made, {len(arrived)} arrived ({doubles} twice), {dropped} reported as lost")


def events(expected, arrived, instance, report):
    """What the capture's file gives afterwards, without a network, is what was to be exported."""
    compare_signal(f"{instance}: events", events_of(lines([expected])), events_of(lines(glob.glob(arrived)), instance),
                   lost(report, "events"))


def filled(expected, received):
    """A back-fill: what receiver.py got is what the same file gives as lines, to the last one, and once."""
    sent = collections.Counter(events_of(lines([expected])))
    came = collections.Counter(events_of(each["body"] for each in lines([received])))
    if not sent or sent != came:
        fail(f"{sum(sent.values())} events were made, {sum(came.values())} arrived, {sum((sent & came).values())} of them the same")
    print(f"a back-fill: {sum(came.values())} events, each once")


def findings(report, arrived, instance):
    said = json.load(open(report))["findings"]
    came = collections.Counter()
    seen = set()
    for each in records(lines(glob.glob(arrived)), instance):
        if each["eventName"] == "sioscope.finding":
            mark = json.dumps([each["timeUnixNano"], each["body"], each["attributes"]], sort_keys=True)
            if mark not in seen:  # a try that timed out may have been stored
                came[attributes(each)["sioscope.finding.code"]] += 1
            seen.add(mark)
    wanted = collections.Counter(each["code"] for each in said)
    missing = wanted - came
    dropped = lost(report, "findings")
    print(f"{instance}: findings: {dict(wanted)} in the report, {dict(came)} arrived, {dropped} reported as lost")
    if sum(missing.values()) > dropped or not wanted:
        fail(f"{dict(missing)} are missing")


def traces(arrived, *instances):
    """A session that both hosts saw is one trace, whose root covers its children."""
    by_host = {}
    for instance in instances:
        by_host[instance] = list(spans(lines(glob.glob(arrived)), instance))
        roots = {each["traceId"]: each for each in by_host[instance] if not each.get("parentSpanId")}
        if not roots:
            fail(f"{instance}: no session")
        for each in by_host[instance]:
            root = roots.get(each["traceId"])
            if int(each["endTimeUnixNano"]) <= int(each["startTimeUnixNano"]):
                fail(f"{instance}: {each['name']} lasts no time")
            if root and not (int(root["startTimeUnixNano"]) <= int(each["startTimeUnixNano"]) and
                             int(each["endTimeUnixNano"]) <= int(root["endTimeUnixNano"])):
                fail(f"{instance}: {each['name']} sticks out of its session")
    sets = [{each["traceId"] for each in by_host[instance]} for instance in instances]
    both = set.intersection(*sets)
    print(f"traces: {[len(each) for each in sets]} of each host, {len(both)} the same; spans {[len(each) for each in by_host.values()]}")
    if len(both) < 0.9 * max(len(each) for each in sets):
        fail("hosts that see the same sessions made different traces")


def ask(prometheus, query):
    url = f"{prometheus}/api/v1/query?" + urllib.parse.urlencode({"query": query})
    answer = json.load(urllib.request.urlopen(url, timeout=10))
    if answer["status"] != "success":
        fail(f"{query}: {answer}")
    return answer["data"]["result"]


def counts(prometheus, selector, *truths):
    """Messages that the application counted, of as many runs of it as there are files: each name and direction."""
    wanted = collections.Counter()
    for truth in truths:
        wanted.update(json.load(open(truth))["counts"])
    seen = collections.Counter()
    for each in ask(prometheus, f"socket_io_messages_total{{{selector}}}"):
        label = each["metric"]
        seen[f"{label['network_io_direction']} {label['messaging_socket_io_event_name']}"] += int(each["value"][1])
    seen = {name: count for name, count in seen.items() if " _" not in name}
    if seen != dict(wanted):
        fail(f"{selector}: the application counted {dict(wanted)}, Prometheus has {seen}")
    print(f"{selector}: {seen}, as the application counted")


def quantiles(prometheus, selector, *truths):
    """Of the durations of acknowledgements: in the bucket that the application's own is in, or the next."""
    durations = sorted(sum((json.load(open(truth))["durations"] for truth in truths), []))
    label = f'{selector},messaging_socket_io_event_name="ask"'
    buckets = {}
    for each in ask(prometheus, f"sum by (le) (socket_io_ack_duration_seconds_bucket{{{label}}})"):
        buckets[float(each["metric"]["le"])] = float(each["value"][1])
    bounds = sorted(buckets)
    if not bounds or buckets[bounds[-1]] != len(durations):
        fail(f"{selector}: {buckets} of {len(durations)} acknowledgements")
    for share in (0.5, 0.9, 0.95, 0.99):
        own = durations[min(len(durations) - 1, int(share * len(durations)))]
        seen = next(at for at, bound in enumerate(bounds) if buckets[bound] >= share * len(durations))
        wanted = bisect.bisect_left(bounds, own)
        if abs(seen - wanted) > 1:
            fail(f"{selector}: p{share * 100:g} is below {bounds[seen]} s, the application's own is {own:.4f} s")
    print(f"{selector}: {len(durations)} acknowledgements, p50, p90, p95, p99 within a bucket")


def queries(prometheus, path):
    """Each line that is no comment: it is answered, and not all are empty."""
    filled = []
    for query in (line.strip() for line in open(path)):
        if query and not query.startswith("#"):
            filled.append(len(ask(prometheus, query)))
    print(f"{len(filled)} queries of PromQL, rows {filled}")
    if len(filled) != 6 or filled.count(0) > 1:  # nothing may have been dropped
        fail(f"rows {filled}")


def sql(url, path):
    filled = []
    text = "\n".join(line for line in open(path).read().split("\n") if not line.startswith("--"))
    for query in filter(str.strip, text.split(";")):
        request = urllib.request.Request(url + "/?database=otel&default_format=JSONCompact", data=query.strip().encode())
        try:
            filled.append(len(json.load(urllib.request.urlopen(request, timeout=60))["data"]))
        except urllib.error.HTTPError as error:
            fail(f"{query.strip()[:200]}: {error.read()[:500]}")
    print(f"{len(filled)} queries of SQL, rows {filled}")
    if len(filled) != 6 or 0 in filled:
        fail(f"rows {filled}")


def silent(canary, truths, *paths):
    """Neither the canary nor a sid is in what arrived anywhere."""
    words = [canary] + [sid for truth in truths.split(",") for sid in json.load(open(truth))["sids"]]
    texts = 0
    for path in (each for pattern in paths for each in glob.glob(pattern)):
        text = open(path, errors="replace").read()
        texts += len(text)
        for word in words:
            if word in text:
                at = text.index(word)
                fail(f"{path}: {text[max(0, at - 200):at + 40]}")
    print(f"none of {len(words)} sids and canaries in {texts / 1e6:.1f} MB")
    if texts < 10000 or len(words) < 4:
        fail("nothing was looked at")


try:
    globals()[sys.argv[1]](*sys.argv[2:])
except (OSError, KeyError, ValueError) as error:
    fail(f"{type(error).__name__}: {error}")
