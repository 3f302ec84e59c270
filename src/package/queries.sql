-- Six questions to ClickHouse about what sioscope exports (tables of the collector's clickhouseexporter 0.161: otel_logs,
-- otel_traces, otel_metrics_…). Each begins at its first comment line and ends with a semicolon; `make check-fleet` runs each
-- on a real run. Attributes are texts there: numbers need toUInt64OrZero and the like. With `--otlp-signals
-- metrics,findings,traces` there are traces.

-- 1. What went wrong in the last day: findings by code and host, the worst first.
SELECT LogAttributes['sioscope.finding.code'] AS code, SeverityText AS severity, ServiceName AS service,
       ResourceAttributes['host.name'] AS host, count() AS findings, max(Timestamp) AS last
FROM otel_logs
WHERE EventName = 'sioscope.finding' AND Timestamp > now() - INTERVAL 1 DAY
GROUP BY code, severity, service, host
ORDER BY any(SeverityNumber) DESC, findings DESC;

-- 2. The last errors, with what to do.
SELECT Timestamp, ResourceAttributes['host.name'] AS host, LogAttributes['sioscope.finding.code'] AS code, Body AS text,
       LogAttributes['sioscope.finding.advice'] AS advice, TraceId
FROM otel_logs
WHERE EventName = 'sioscope.finding' AND SeverityNumber >= 17
ORDER BY Timestamp DESC
LIMIT 20;

-- 3. Each finding beside the session that it is of, with how long that lived and how it ended.
SELECT l.Timestamp AS at, l.LogAttributes['sioscope.finding.code'] AS code, t.ServiceName AS service,
       round(t.Duration / 1e9, 1) AS session_seconds, t.StatusCode AS status, l.TraceId AS trace
FROM otel_logs AS l
INNER JOIN otel_traces AS t ON t.TraceId = l.TraceId AND t.ParentSpanId = ''
WHERE l.EventName = 'sioscope.finding'
ORDER BY at DESC
LIMIT 50;

-- 4. The slowest acknowledgements: which event, how long, in which session.
SELECT Timestamp, SpanName AS span, SpanAttributes['messaging.socket.io.event_name'] AS event,
       round(Duration / 1e6, 1) AS milliseconds, ResourceAttributes['host.name'] AS host, TraceId
FROM otel_traces
WHERE SpanAttributes['socket.io.ack.id'] != ''
ORDER BY Duration DESC
LIMIT 20;

-- 5. The percentiles of acknowledgements by event and transport.
SELECT SpanAttributes['messaging.socket.io.event_name'] AS event, SpanAttributes['socket.io.transport'] AS transport,
       count() AS acks, round(quantile(0.5)(Duration) / 1e6, 1) AS p50_ms, round(quantile(0.95)(Duration) / 1e6, 1) AS p95_ms,
       round(quantile(0.99)(Duration) / 1e6, 1) AS p99_ms
FROM otel_traces
WHERE SpanAttributes['socket.io.ack.id'] != ''
GROUP BY event, transport
ORDER BY p95_ms DESC;

-- 6. One session at two hosts: what the proxy adds to each acknowledgement (the same session has the same trace everywhere).
SELECT event, count() AS acks, round(avg(edge - behind) / 1e6, 2) AS proxy_ms, round(avg(edge) / 1e6, 2) AS edge_ms,
       round(avg(behind) / 1e6, 2) AS behind_ms
FROM
(
    SELECT TraceId, SpanAttributes['messaging.socket.io.event_name'] AS event, max(Duration) AS edge, min(Duration) AS behind
    FROM otel_traces
    WHERE SpanAttributes['socket.io.ack.id'] != ''
    GROUP BY TraceId, event, SpanAttributes['socket.io.ack.id'], SpanAttributes['messaging.socket.io.namespace'], SpanKind
    HAVING uniqExact(ResourceAttributes['host.name']) > 1
)
GROUP BY event
ORDER BY proxy_ms DESC;
