/* The table of thresholds. */
#include "detect/thresholds.h"

#include <inttypes.h>
#include <stdio.h>

const struct threshold_entry threshold_table[THRESHOLDS] = {
    [THRESHOLD_ACK_WAIT] = {"shortest wait for an acknowledgement that a later one overtook", 5000,
        THRESHOLD_MILLISECONDS, "ack-missing",
        "jobs of one kind differ; together with how much faster the later one was", "chosen"},
    [THRESHOLD_ACK_SLOW] = {"shortest wait for an acknowledgement that nothing overtook", 30000, THRESHOLD_MILLISECONDS,
        "ack-missing",
        "handlers that work for so long rarely ask for an acknowledgement; the finding is then only possible",
        "chosen"},
    [THRESHOLD_ACK_LIMIT] = {"longest documented wait for an acknowledgement", 60000, THRESHOLD_MILLISECONDS,
        "ack-missing", "the longest limit that is documented",
        "python-socketio: call() waits 60 s; socket.io: timeout() and ackTimeout are off by default"},
    [THRESHOLD_ACK_SEVERAL] = {"fewest acknowledgements of one event that wait, where earlier ones were fast", 2,
        THRESHOLD_COUNT, "ack-missing", "one alone may be a longer job",
        "chosen; field test py-handler-raises has three"},
    [THRESHOLD_EXCEPTION_SOON] = {"longest time from an event to the exception that answers it", 1000,
        THRESHOLD_MILLISECONDS, "ack-missing", "a later one may answer another event", "chosen"},
    [THRESHOLD_ANSWER_WAIT] = {"shortest wait for an answering event", 2000, THRESHOLD_MILLISECONDS, "event-unanswered",
        "a shorter wait is no wait for a person", "chosen; only together with the next two"},
    [THRESHOLD_ANSWER_HABIT] = {"fewest answered events before one can be missed", 10, THRESHOLD_COUNT,
        "event-unanswered", "fewer may have been answered by chance, by pushes that nobody asked for",
        "chosen; the healthy captures of tests/findings hold it"},
    [THRESHOLD_ANSWER_SLOWER] = {"factor by which the wait exceeds the slowest answer", 10, THRESHOLD_TIMES,
        "event-unanswered", "a slow handler is no missing answer",
        "chosen; the healthy captures of tests/findings hold it"},
    [THRESHOLD_CONNECT_WAIT] = {"shortest wait between a CONNECT and the end by the server without an answer", 1000,
        THRESHOLD_MILLISECONDS, "connect-unanswered", "a sooner end is for another reason", "chosen"},
    [THRESHOLD_CONNECT_SLOW] = {"longest usual time for the answer to a CONNECT", 3000, THRESHOLD_MILLISECONDS,
        "connect-unanswered",
        "connect handlers that ask a login service take seconds; the finding is then only possible", "chosen"},
    [THRESHOLD_CONNECT_LIMIT] = {"time after which a server ends a session that joined no namespace", 45000,
        THRESHOLD_MILLISECONDS, "connect-unanswered", "no slow login takes longer where this limit holds",
        "socket.io index.ts: connectTimeout (45 s), stopped when the CONNECT is accepted"},
    [THRESHOLD_HEARTBEAT_PLAY] = {"tolerance below pingTimeout", 5, THRESHOLD_PERCENT, "heartbeat-lost",
        "the side that waits gives up exactly then; clocks and the network add a little",
        "chosen; the captures of timing/ hold it"},
    [THRESHOLD_UPGRADE_NOOPS] = {"fewest polls answered with a noop while an upgrade is open", 10, THRESHOLD_COUNT,
        "upgrade-failed", "a server whose upgrade goes well sends one to three",
        "engine.io socket.ts sends one every 100 ms; python-engineio answers every poll so (signatures.md B)"},
    [THRESHOLD_UPGRADE_COMMIT] = {"longest time from the probe's answer to the commit", 10000, THRESHOLD_MILLISECONDS,
        "upgrade-failed", "servers that have a limit end the WebSocket then", "engine.io: upgradeTimeout 10 s"},
    [THRESHOLD_CONNECT_MISSED] = {"shortest life of a session that is closed because no CONNECT came", 1000,
        THRESHOLD_MILLISECONDS, "abnormal-close", "a shorter one ended for another reason",
        "socket.io client.ts: connectTimeout 45 s by default"},
    [THRESHOLD_CLOSE_AT_ONCE] = {"longest time between a packet and the end that it causes", 100,
        THRESHOLD_MILLISECONDS, "abnormal-close", "a side that ends the session for a packet does so when it reads it",
        "signatures.md D; the captures named there hold it"},
    [THRESHOLD_STOPPED_SPAN] = {"longest time in which a stopping server ends all its sessions", 1000,
        THRESHOLD_MILLISECONDS, "server-stopped",
        "the kernel ends the connections of a process at once; what shuts down ends one by one",
        "chosen; the restarts of timing/ take 45 ms at most"},
    [THRESHOLD_STOPPED_SESSIONS] = {"fewest sessions that end together", 2, THRESHOLD_COUNT, "server-stopped",
        "one alone may have ended for a reason of its own", "by definition"},
    [THRESHOLD_STOPPED_NEAR] = {"longest time between stops that belong together", 60000, THRESHOLD_MILLISECONDS,
        "server-stopped", "deployments are farther apart", "chosen"},
    [THRESHOLD_STOPPED_AGAIN] = {"fewest such stops that are a crash loop", 3, THRESHOLD_COUNT, "server-stopped",
        "two may be a deployment that was taken back", "chosen"},
    [THRESHOLD_ALIVE_WITHOUT_RULE] = {"longest silence of a live session whose heartbeat is not known", 60000,
        THRESHOLD_MILLISECONDS, "server-stopped", "a client that went away says nothing, and counts for no stop",
        "pingInterval + pingTimeout of most servers are 45 s"},
    [THRESHOLD_SIZE_END] = {"longest time between a message that is too large and the session's end", 5000,
        THRESHOLD_MILLISECONDS, "payload-too-large",
        "servers end it at once; a client comes to know of it with its next request",
        "signatures.md A, payload too big"},
    [THRESHOLD_IDLE_CUTS] = {"fewest connections cut after equal times", 3, THRESHOLD_COUNT, "idle-cut",
        "two may be chance", "chosen"},
    [THRESHOLD_IDLE_LEAST] = {"shortest such time", 2500, THRESHOLD_MILLISECONDS, "idle-cut",
        "shorter ones have many causes; proxies have been seen with 3 s",
        "nginx proxy_read_timeout 60 s, haproxy timeout client and server 50 s, AWS ALB 60 s by default"},
    [THRESHOLD_IDLE_APART] = {"shortest time between the first and the last cut", 1000, THRESHOLD_MILLISECONDS,
        "idle-cut", "connections that end all at once are ended by the server's own end", "chosen"},
    [THRESHOLD_IDLE_SAME] = {"largest difference of equal times", 250, THRESHOLD_MILLISECONDS, "idle-cut",
        "timers of proxies are precise to a few milliseconds, what passes last is not",
        "the captures poll-cut-back-leg, cut-at-the-same-age: up to 50 ms"},
    [THRESHOLD_IDLE_SAME_PART] = {"the same for long times, as a part of them", 5, THRESHOLD_PERCENT, "idle-cut",
        "timers of proxies tick by the second or less", "chosen"},
    [THRESHOLD_LOOP_SESSIONS] = {"fewest failed sessions in a row", 5, THRESHOLD_COUNT, "reconnect-loop",
        "reloads of a page in a row are fewer", "chosen"},
    [THRESHOLD_LOOP_SPAN] = {"longest time from the beginning of one session to that of the next", 10000,
        THRESHOLD_MILLISECONDS, "reconnect-loop", "stock clients come back after 1 to 5 s, half as much more at random",
        "socket.io-client manager.ts: reconnectionDelay 1000, reconnectionDelayMax 5000, randomizationFactor 0.5"},
    [THRESHOLD_LOOP_LIFE] = {"longest life of a failed session", 5000, THRESHOLD_MILLISECONDS, "reconnect-loop",
        "a session that works lives longer, if it is not a page that is left at once", "chosen"},
    [THRESHOLD_DUPLICATE_OVERLAP] = {"longest overlap of two sessions that is a reconnection", 2000,
        THRESHOLD_MILLISECONDS, "duplicate-session", "a new page may begin before the old one's goodbye is seen",
        "chosen; the captures of reloads hold it"},
    [THRESHOLD_STALL_LEAST] = {"shortest silence of the server", 1000, THRESHOLD_MILLISECONDS, "server-stall",
        "a shorter one is no event loop that people notice", "chosen"},
    [THRESHOLD_STALL_SLOWER] = {"factor by which the silence exceeds the longest wait before it", 4, THRESHOLD_TIMES,
        "server-stall", "slow servers are slow all the time", "chosen; the healthy captures of tests/findings hold it"},
    [THRESHOLD_STALL_SAMPLES] = {"fewest waits seen before", 8, THRESHOLD_COUNT, "server-stall",
        "nothing to compare with before", "chosen"},
    [THRESHOLD_STALL_SESSIONS] = {"fewest sessions that wait and are then answered", 2, THRESHOLD_COUNT, "server-stall",
        "one alone may have one slow handler", "by definition"},
    [THRESHOLD_STALL_BURST] = {"longest time in which all that waited are answered", 250, THRESHOLD_MILLISECONDS,
        "server-stall", "an event loop that runs again takes what waits in one turn", "chosen"},
    [THRESHOLD_UNREAD_LEAST] = {"shortest time for which bytes lie unread in the socket", 1000, THRESHOLD_MILLISECONDS,
        "server-stall", "a shorter one is no event loop that people notice", "chosen"},
    [THRESHOLD_UNREAD_SLACK] = {"longest time between the process's last activity and the arrival of those bytes", 20,
        THRESHOLD_MILLISECONDS, "server-stall", "the end of a call is seen a little after what it did", "chosen"},
    [THRESHOLD_REQUEST_LEAST] = {"shortest wait of an unanswered request", 1000, THRESHOLD_MILLISECONDS,
        "request-unanswered", "servers answer handshakes and POSTs at once; a shorter wait may be a page that is left",
        "chosen"},
    [THRESHOLD_REQUEST_LIMIT] = {"wait after which an answer is not merely slow", 5000, THRESHOLD_MILLISECONDS,
        "request-unanswered", "the shortest limit of a stock client",
        "python-engineio client.py: request_timeout 5 s; socket.io-client manager.ts: timeout 20 s"},
    [THRESHOLD_REQUEST_AGAIN] = {"longest time after which a client that gave up asks again", 30000,
        THRESHOLD_MILLISECONDS, "request-unanswered", "who left does not ask again",
        "socket.io-client manager.ts: timeout 20 s, then reconnectionDelayMax 5 s, half as much more at random"},
    [THRESHOLD_POLL_LIMIT] = {"longest wait of a poll whose session's pingInterval and pingTimeout are not known",
        85000, THRESHOLD_MILLISECONDS, "request-unanswered",
        "the largest sum of ping interval and timeout that is a default",
        "engine.io 3: pingInterval 25 s, pingTimeout 60 s"},
    [THRESHOLD_STREAM_AGAIN] = {"longest time after which a refused stream's request comes again", 5000,
        THRESHOLD_MILLISECONDS, "stream-refused", "browsers send it again at once, or on a new connection", "chosen"},
    [THRESHOLD_UNREACHABLE_TRIES] = {"fewest connections that were not accepted", 2, THRESHOLD_COUNT,
        "server-unreachable", "one alone may be tried at a bad moment", "chosen"},
    [THRESHOLD_UNREACHABLE_OTHER] = {"longest time after which a client tries the next address of a name", 2000,
        THRESHOLD_MILLISECONDS, "server-unreachable", "clients try the next address at once, or after a moment",
        "RFC 8305 §5: 250 ms; node net autoSelectFamilyAttemptTimeout 250 ms; browsers up to 2 s"},
    [THRESHOLD_TLS_RETRY] = {"longest time after which a client tries another version of TLS", 5000,
        THRESHOLD_MILLISECONDS, "tls-failed", "clients that fall back, and scanners of versions, do so at once",
        "chosen"},
    [THRESHOLD_TLS_UNUSED] = {"fewest handshakes that succeed and are not used", 3, THRESHOLD_COUNT, "tls-failed",
        "browsers open a spare connection or two", "chosen; Chromium 156 opens up to two (evidence.md)"},
    [THRESHOLD_TLS_SILENT] = {"fewest handshakes that the client ends without an alert", 2, THRESHOLD_COUNT,
        "tls-failed", "a user may leave in that moment once", "chosen"},
    [THRESHOLD_REDIRECT_FOLLOWED] = {"longest time after which a client follows a redirect", 5000,
        THRESHOLD_MILLISECONDS, "handshake-rejected", "clients that follow do so at once", "chosen"},
    [THRESHOLD_OUTAGE_LEAST] = {"shortest time for which a proxy misses its server in a restart", 100,
        THRESHOLD_MILLISECONDS, "handshake-rejected event-dropped", "no server is there again sooner",
        "chosen; the restarts of tests/captures take 300 ms at least"},
    [THRESHOLD_OUTAGE_SHORT] = {"longest time for which a proxy misses its server in a restart", 60000,
        THRESHOLD_MILLISECONDS, "handshake-rejected event-dropped", "servers start in seconds; a longer outage is one",
        "chosen; the restarts of tests/captures take 5 s"},
    [THRESHOLD_OUTAGE_RETURNS] = {"fewest times that a proxy reaches its server between refusals, when it is only full",
        3, THRESHOLD_COUNT, "handshake-rejected event-dropped", "a server that restarts is away once, or twice",
        "chosen"},
    [THRESHOLD_SID_PASSED_ON] = {"longest time that a proxy takes to pass a new sid on", 5000, THRESHOLD_MILLISECONDS,
        "session-unknown", "the same sid, given out at another address so soon, is the proxy's other side", "chosen"},
    [THRESHOLD_GOODBYE_CROSSED] = {"longest time after the client's close in which its other requests still crossed it",
        1000, THRESHOLD_MILLISECONDS, "session-unknown event-dropped handshake-rejected",
        "a client that polls and sends beside each other stops both when it has left; a later request is a mistake",
        "chosen; timing/py518-post-after-close: 6 ms"},
    [THRESHOLD_CORS_UNUSED] = {"longest time after the handshake before a page goes on", 1000, THRESHOLD_MILLISECONDS,
        "cors-blocked", "stock clients go on at once", "socket.io-client polls without a pause"},
    [THRESHOLD_LOG_SLACK] = {"longest time between a line of the server's log and what it speaks of", 2000,
        THRESHOLD_MILLISECONDS, "", "servers log what they do at once; many logs have times of whole seconds",
        "chosen"},
    [THRESHOLD_SESSION_LINGER] = {"time after a session's end before it is judged", 10000, THRESHOLD_MILLISECONDS, "",
        "stray requests and the other side's end come within it",
        "engine.io: upgradeTimeout 10 s; a FIN's retransmissions end later, and change no finding"},
};

bool threshold_concerns(const struct threshold_entry *entry, const char *code)
{
	struct slice codes = slice_of_text(entry->codes);
	while (codes.len)
		if (slice_equals_text(slice_take_until(&codes, ' '), code))
			return true;
	return false;
}

const char *threshold_format(const struct threshold_entry *entry, char text[THRESHOLD_TEXT])
{
	char span[TIMESTAMP_TEXT_SIZE];
	switch (entry->unit) {
	case THRESHOLD_MILLISECONDS:
		snprintf(text, THRESHOLD_TEXT, "%s", timestamp_format_span(entry->value * TIMESTAMP_MILLISECOND, span));
		break;
	case THRESHOLD_COUNT:
		snprintf(text, THRESHOLD_TEXT, "%" PRId64, entry->value);
		break;
	case THRESHOLD_TIMES:
		snprintf(text, THRESHOLD_TEXT, "%" PRId64 " times", entry->value);
		break;
	case THRESHOLD_PERCENT:
		snprintf(text, THRESHOLD_TEXT, "%" PRId64 " %%", entry->value);
		break;
	}
	return text;
}
