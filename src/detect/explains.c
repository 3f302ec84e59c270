/* Which finding explains which: a report tells a story once, with what explains the rest on top. */
#include "base/plugin.h"
#include "detect/findings.h"

#include <utlist.h>

/* In order: the first row that fits names what explains a finding. A plug-in knows more of its application, so its rows
 * come first. What harms nothing (info) explains nothing. */
static const struct code_explanation explanations[] = {
    {CODE_TRANSPORT_REJECTED, CODE_CORS_BLOCKED, true},
    {CODE_TRANSPORT_REJECTED, CODE_RECONNECT_LOOP, true},
    {CODE_CORS_BLOCKED, CODE_RECONNECT_LOOP, true},
    {CODE_SESSION_UNKNOWN, CODE_RECONNECT_LOOP, true},
    {CODE_PAYLOAD_TOO_LARGE, CODE_RECONNECT_LOOP, true},
    {CODE_HANDSHAKE_REJECTED, CODE_ABNORMAL_CLOSE, false},
    {CODE_UPGRADE_FAILED, CODE_ABNORMAL_CLOSE, false},
    {CODE_MALFORMED_PACKET, CODE_ABNORMAL_CLOSE, false},
    {CODE_MALFORMED_PACKET, CODE_RECONNECT_LOOP, true},
    {CODE_REQUEST_UNANSWERED, CODE_CONNECT_UNANSWERED, false},
    {CODE_REQUEST_UNANSWERED, CODE_HEARTBEAT_LOST, false},
    {CODE_UPGRADE_FAILED, CODE_EVENT_LOST, false},
    {CODE_PROTOCOL_VERSION, CODE_CONNECT_UNANSWERED, false},
    {CODE_PROTOCOL_VERSION, CODE_HEARTBEAT_LOST, false},
    {CODE_CONNECT_UNANSWERED, CODE_EVENT_UNANSWERED, false},
    {CODE_CONNECT_UNANSWERED, CODE_EVENT_DROPPED, false},
    {CODE_EVENT_DROPPED, CODE_EVENT_UNANSWERED, false},
    {CODE_PAYLOAD_TOO_LARGE, CODE_ABNORMAL_CLOSE, false},
    {CODE_SERVER_STOPPED, CODE_SESSION_UNKNOWN, true},
    {CODE_SERVER_STOPPED, CODE_ABNORMAL_CLOSE, true},
    {CODE_HEARTBEAT_LOST, CODE_ABNORMAL_CLOSE, false},
    {CODE_HEARTBEAT_LOST, CODE_HANDSHAKE_REJECTED, false},
    {CODE_HEARTBEAT_LOST, CODE_SESSION_UNKNOWN, false},
    {0},
};

static const struct finding *explains_find(
    const struct findings *findings, const struct code_explanation *rule, const struct finding *symptom)
{
	for (const struct finding *finding = findings->first; finding; finding = finding->next)
		if (finding->code == rule->reason && finding->severity > SEVERITY_INFO &&
		    (rule->anywhere || finding->session == symptom->session))
			return finding;
	return NULL;
}

static bool explains_in_circle(const struct finding *cause, const struct finding *symptom)
{
	for (; cause; cause = cause->explained_by)
		if (cause == symptom)
			return true;
	return false;
}

static void explains_by(const struct findings *findings, const struct code_explanation *rules, struct finding *symptom)
{
	for (const struct code_explanation *rule = rules; rule->reason != rule->symptom && !symptom->explained_by;
	     rule++) {
		if (rule->symptom != symptom->code)
			continue;
		const struct finding *reason = explains_find(findings, rule, symptom);
		if (reason && !explains_in_circle(reason, symptom))
			symptom->explained_by = reason;
	}
}

static void explains_finding(const struct findings *findings, struct finding *symptom)
{
	for (size_t i = 0; plugins[i]; i++)
		if (plugins[i]->codes && plugins[i]->codes->explanations)
			explains_by(findings, plugins[i]->codes->explanations, symptom);
	explains_by(findings, explanations, symptom);
}

/* ---- order */

static const struct finding *finding_root(const struct finding *finding)
{
	while (finding->explained_by)
		finding = finding->explained_by;
	return finding;
}

static unsigned finding_depth(const struct finding *finding)
{
	unsigned depth = 0;
	for (; finding->explained_by; finding = finding->explained_by)
		depth++;
	return depth;
}

static int compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/* The worst and surest first, then the earliest. */
static int finding_compare_weight(const struct finding *a, const struct finding *b)
{
	int order = compare(b->severity, a->severity);
	if (!order)
		order = compare(b->confidence, a->confidence);
	if (!order)
		order = a->time < b->time ? -1 : a->time > b->time;
	return order ? order : compare(a->session, b->session);
}

/* Whole stories, each cause before what it explains. */
static int finding_compare(const struct finding *a, const struct finding *b)
{
	const struct finding *root_a = finding_root(a), *root_b = finding_root(b);
	if (root_a != root_b) {
		int order = finding_compare_weight(root_a, root_b);
		return order ? order : compare(root_a->made, root_b->made);
	}
	int order = compare(finding_depth(a), finding_depth(b));
	return order ? order : finding_compare_weight(a, b);
}

void findings_arrange(struct findings *findings)
{
	for (struct finding *finding = findings->first; finding; finding = finding->next)
		explains_finding(findings, finding);
	LL_SORT(findings->first, finding_compare);
	findings->last = NULL;
	for (struct finding *finding = findings->first; finding; finding = finding->next)
		findings->last = finding;
}
