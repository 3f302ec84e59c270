"""What compare-truth and compare-findings share: where a case's capture lies, the list of known failures, the count.

A case is SET/NAME. Its capture lies in tests/captures/SET/NAME, or, where an expectation says "elsewhere", in the folder
of shared captures; if that folder is not here, the case is skipped, by name.

tests/captures/known-failures.tsv: case, what fails, which issue owns it. A case whose failures are all listed
counts neither as passed nor as failed. A listed failure that does not happen any more is a failure: the line goes with the
change that repairs it."""
import concurrent.futures, json, os, signal, subprocess, sys

HERE = "tests/captures"
SHARED = os.path.join(os.environ.get("SHARED", "../shared"), "captures")
FILES = ("capture.pcap.zst", "capture.pcap", "trace.har.zst", "server.log")


def capture_in(folder):
    return next((name for name in FILES if os.path.exists(os.path.join(folder, name))), None)


def place(case, may_be_elsewhere):
    """(folder, capture's name), or, when it is in the shared captures and they are not here, a text that says so."""
    folders = [os.path.join(HERE, case)] + [os.path.join(SHARED, case)] * bool(may_be_elsewhere)
    for folder in folders:
        if capture_in(folder):
            return folder, capture_in(folder)
    if may_be_elsewhere and not os.path.isdir(SHARED):
        return f"{SHARED}/{case.split('/')[0]} is not here"
    raise FileNotFoundError(f"no capture in {' or '.join(folders)}")


def known_failures(kind):
    """{case: {what fails}} of one kind of comparison: what fails begins with it."""
    known = {}
    with open(os.path.join(HERE, "known-failures.tsv")) as lines:
        for line in lines:
            if not line.startswith("#") and line.strip():
                case, what, _ = line.rstrip("\n").split("\t")
                if what.startswith(kind + ": "):
                    known.setdefault(case, set()).add(what)
    return known


def run(tool, words, folder, seconds):
    """In the capture's folder: no path of it can then satisfy a pattern. The limit is processor time, so that it does not
    depend on what else the machine does; sanitizers need four times as much."""
    seconds *= 4 if "/asan/" in os.path.abspath(tool) else 1
    done = subprocess.run(["sh", "-c", 'ulimit -c 0 && ulimit -t "$0" && exec "$@"', str(seconds), os.path.abspath(tool), *words],
                          cwd=folder, capture_output=True, text=True, errors="replace", timeout=60 * seconds)
    if done.returncode in (-signal.SIGKILL, -signal.SIGXCPU):
        raise TimeoutError("no end in time")
    return done


def hold(kind, cases, judge):
    """Judges each case (judge(case) → what fails, a list; when it cannot be tried here, the reason, a text) and compares
    with the known failures.

    Prints each failure, each unexpected pass and the counts; returns the exit code."""
    known, passed, failed, skipped = known_failures(kind), 0, 0, {}

    def judged(case):
        try:
            return judge(case)
        except Exception as error:  # no end, unreadable output, no such capture: that fails as well
            return [f"{type(error).__name__} {error}"[:160]]

    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("JOBS", os.cpu_count()))) as pool:
        results = dict(zip(cases, pool.map(judged, cases)))
    for case, wrong in results.items():
        if isinstance(wrong, str):
            skipped.setdefault((case.split("/")[0], wrong), []).append(case)
            continue
        wrong = {f"{kind}: {what}" for what in wrong}
        expected = known.get(case, set())
        failed, passed = failed + bool(wrong ^ expected), passed + (not wrong and not expected)
        for what in sorted(wrong - expected):
            print(f"failed: {case}\t{what}")
        for what in sorted(expected - wrong):
            print(f"failed: {case}\tthis passes now, remove it from known-failures.tsv: {what}")
    sets = {case.split("/")[0] for case in results}
    for case in sorted(case for case in known if case not in results and case.split("/")[0] in sets):
        failed += 1
        print(f"failed: {case}\tno such case, and known-failures.tsv lists it")
    for (name, why), names in skipped.items():
        which = f" ({', '.join(os.path.basename(each) for each in names)})" if len(names) < 10 else ""
        print(f"skipped: {kind}, {len(names)} cases of {name}{which}: {why}")
    number = sum(len(each) for case, each in known.items() if isinstance(results.get(case), list))
    if number:
        cases = sum(case in known for case, wrong in results.items() if isinstance(wrong, list))
        print(f"known failures: {number} in {cases} cases of {len(results)}, which count neither as passed nor as failed")
    count = sum(len(names) for names in skipped.values())
    print(f"{passed} passed, {failed} failed" + (f", {count} skipped" if count else ""))
    return failed > 0 or not passed


def listed(tool, kind, column):
    """The words of one column of `help --list`, of its lines of one kind."""
    lines = run(tool, ["help", "--list"], ".", 20).stdout.splitlines()
    return {line.split("\t")[column] for line in lines if line.startswith(kind + "\t")}


def expectations(name):
    with open(os.path.join(HERE, name, "expect.json")) as file:
        return json.load(file)


def main(kind, cases, judge):
    sys.exit(hold(kind, cases, judge))
