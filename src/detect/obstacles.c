/* What TCP shows of why a ping or a pong did not come. A program that is late is no obstacle: its kernel acknowledges
 * what comes, and has room for much. Each obstacle must have lasted for most of the wait; one that
 * stops bytes (a closed window, a loss) comes before one that is only slow (a large message). */
#include "detect/obstacles.h"

#include "base/text.h"
#include "detect/thresholds.h"
#include "socketio/session.h"

#include <stdio.h>

static bool obstacle_fills(const struct obstacle_question *question, timestamp lasted)
{
	return lasted > 0 && lasted >= threshold_part(THRESHOLD_OBSTACLE_PART, question->to - question->from);
}

/* The receiver of this direction had no room. */
static bool obstacle_is_closed(const struct obstacle_question *question, const struct delivery *delivery,
    enum direction direction, struct obstacle *obstacle)
{
	timestamp lasted = delivery_overlap(&delivery->closed, question->from, question->to);
	if (!obstacle_fills(question, lasted))
		return false;
	*obstacle = (struct obstacle){
	    .cause = direction == DIRECTION_TO_CLIENT ? CAUSE_CLIENT_NOT_READING : CAUSE_SERVER_NOT_READING,
	    .direction = direction,
	    .lasted = lasted,
	    .packet = delivery->closed.packet};
	return true;
}

/* Packets of one size are lost and smaller ones are not: the receiver is there and says that it lacks these, or has
 * what came behind them; and none as large was ever acknowledged, or larger ones may have been sent as several
 * (segmentation offload), so that the selective acknowledgment must show it. */
static bool obstacle_is_of_size(const struct delivery *delivery, const struct delivery_loss *loss)
{
	if (loss->too_big.by.version)
		return true;
	return loss->resent >= threshold_count(THRESHOLD_OBSTACLE_RESENT_SIZE) && loss->heard &&
	       loss->size >= threshold_count(THRESHOLD_OBSTACLE_SIZE) &&
	       (loss->size > delivery->largest || loss->is_overtaken);
}

static bool obstacle_is_lost(const struct obstacle_question *question, const struct delivery *delivery,
    enum direction direction, struct obstacle *obstacle)
{
	const struct delivery_loss *losses[] = {&delivery->waiting, &delivery->lost};
	for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
		const struct delivery_loss *loss = losses[i];
		timestamp lasted = delivery_overlap(&loss->span, question->from, question->to);
		if (loss->resent < threshold_count(THRESHOLD_OBSTACLE_RESENT) || !obstacle_fills(question, lasted))
			continue;
		*obstacle = (struct obstacle){
		    .cause = obstacle_is_of_size(delivery, loss) ? CAUSE_PATH_MTU : CAUSE_NOT_DELIVERED,
		    .direction = direction,
		    .lasted = lasted,
		    .packet = loss->span.packet,
		    .loss = *loss};
		return true;
	}
	return false;
}

/* What was due has to wait until what its sender had begun before is out: its bytes came all the time, until the end,
 * and they were no chatter of small packets. */
static bool obstacle_is_message(const struct obstacle_question *question, const struct delivery *delivery,
    enum direction direction, struct obstacle *obstacle)
{
	timestamp lasted = delivery_overlap(&delivery->flowing, question->from, question->to);
	bool goes_on = question->to - delivery->flowing.until <= DELIVERY_PAUSE;
	bool is_large = question->bytes / (question->packets + 1) >= threshold_count(THRESHOLD_OBSTACLE_MESSAGE);
	if (!obstacle_fills(question, lasted) || !goes_on || !is_large)
		return false;
	*obstacle = (struct obstacle){.cause = CAUSE_BEHIND_MESSAGE,
	    .direction = direction,
	    .lasted = lasted,
	    .packet = delivery->flowing.packet,
	    .bytes = question->bytes};
	return true;
}

struct obstacle obstacle_find(const struct obstacle_question *question)
{
	struct obstacle obstacle = {.cause = CAUSES};
	enum direction asks = question->asks, answers = direction_other(asks);
	if (!question->to_answer || !question->answer)
		return obstacle;
	if (!obstacle_is_closed(question, question->to_answer, asks, &obstacle) &&
	    !obstacle_is_lost(question, question->to_answer, asks, &obstacle) &&
	    !obstacle_is_closed(question, question->answer, answers, &obstacle) &&
	    !obstacle_is_lost(question, question->answer, answers, &obstacle))
		obstacle_is_message(question, question->is_asked ? question->answer : question->to_answer,
		    question->is_asked ? answers : asks, &obstacle);
	return obstacle;
}

/* ---- in words */

static void obstacle_describe_loss(const struct obstacle *obstacle, char text[OBSTACLE_TEXT])
{
	const struct delivery_loss *loss = &obstacle->loss;
	char lasted[TIMESTAMP_TEXT_SIZE], router[ADDRESS_TEXT_SIZE];
	const char *sender = direction_sender(obstacle->direction);
	const char *receiver = direction_sender(direction_other(obstacle->direction));
	timestamp_format_span(obstacle->lasted, lasted);
	if (obstacle->cause == CAUSE_PATH_MTU && loss->too_big.by.version)
		snprintf(text, OBSTACLE_TEXT,
		    "%s said by ICMP that packets of the %s are too big (%s; MTU %u), and the %s sent the same bytes "
		    "again %u %s all the same: it does not hear that, or does not heed it",
		    address_format(&loss->too_big.by, false, router), sender, icmp_text(&loss->too_big),
		    (unsigned)loss->too_big.mtu, sender, loss->resent, plural_choose(loss->resent, "time", "times"));
	else if (obstacle->cause == CAUSE_PATH_MTU)
		snprintf(text, OBSTACLE_TEXT,
		    "the same %u bytes of the %s were sent again %u %s and not acknowledged for %s, while the %s %s: "
		    "packets of that size are lost on the way (MTU), and all else waits behind them",
		    (unsigned)loss->size, sender, loss->resent, plural_choose(loss->resent, "time", "times"), lasted,
		    receiver, loss->is_overtaken ? "acknowledged smaller ones behind them" : "answered others");
	else
		snprintf(text, OBSTACLE_TEXT,
		    "what the %s had sent was not acknowledged for %s, though it was sent again %u %s%s", sender,
		    lasted, loss->resent, plural_choose(loss->resent, "time", "times"),
		    loss->heard ? ": it was lost on the way, again and again"
		                : ", and nothing came from the other host: that, or the network between, was gone");
}

const char *obstacle_describe(const struct obstacle *obstacle, const char *due, char text[OBSTACLE_TEXT])
{
	char lasted[TIMESTAMP_TEXT_SIZE];
	const char *sender = direction_sender(obstacle->direction);
	const char *receiver = direction_sender(direction_other(obstacle->direction));
	timestamp_format_span(obstacle->lasted, lasted);
	switch (obstacle->cause) {
	case CAUSE_CLIENT_NOT_READING:
	case CAUSE_SERVER_NOT_READING:
		snprintf(text, OBSTACLE_TEXT,
		    "the %s's receive window was 0 for %s of that: it did not read what had come, so the %s could send "
		    "nothing more",
		    receiver, lasted, sender);
		break;
	case CAUSE_BEHIND_MESSAGE:
		snprintf(text, OBSTACLE_TEXT,
		    "the %s was sending something large all the time (%llu bytes meanwhile, and it was still under "
		    "way), and the %s waits behind it",
		    sender, (unsigned long long)obstacle->bytes, due);
		break;
	default:
		obstacle_describe_loss(obstacle, text);
	}
	return text;
}

void obstacle_prove(
    struct findings *findings, struct finding *finding, const struct obstacle *obstacle, const struct session *session)
{
	if (obstacle->cause == CAUSES)
		return;
	finding_set_cause(findings, finding, obstacle->cause, &session->software);
	if (!obstacle->packet)
		return;
	finding_prove(findings, finding, ORIGIN_AT(session->seen_in, obstacle->packet),
	    obstacle->cause == CAUSE_BEHIND_MESSAGE ? "the first of the bytes that are under way without a pause"
	    : obstacle->loss.resent                 ? "not acknowledged since"
	                                            : "a window of 0");
}
