/*
 * What stood in the way of something that was due, as TCP shows it: a receiver that did not read, bytes that were never
 * acknowledged, a large message before it. Who waits is then not to blame the side that was to send.
 */
#ifndef DETECT_OBSTACLES_H
#define DETECT_OBSTACLES_H

#include "detect/findings.h"
#include "net/delivery.h"

struct obstacle_question {
	const struct delivery *to_answer; /* of the direction of the ping; NULL: nothing is known */
	const struct delivery *answer;    /* of the other, that of the pong */
	enum direction asks;              /* the direction of the ping */
	bool is_asked;                    /* the ping was seen, and its pong was due; else the ping was */
	timestamp from, to;               /* since when it was due, and until when it was waited for */
	uint64_t bytes, packets; /* of what was due: bytes in its direction since then, and packets that were whole */
};

struct obstacle {
	enum cause cause;          /* CAUSES: none is known */
	enum direction direction;  /* in which bytes did not arrive, or were under way */
	timestamp lasted;          /* within [from, to] */
	uint64_t packet;           /* that shows its beginning; 0: none does */
	uint64_t bytes;            /* CAUSE_BEHIND_MESSAGE: under way meanwhile */
	struct delivery_loss loss; /* CAUSE_NOT_DELIVERED, CAUSE_PATH_MTU */
};

struct obstacle obstacle_find(const struct obstacle_question *question);

/* What it was, as the end of a sentence about what did not come. Returns `text`. */
enum { OBSTACLE_TEXT = 320 };
const char *obstacle_describe(const struct obstacle *obstacle, const char *due, char text[OBSTACLE_TEXT]);

/* Its packet, and its cause; nothing where none is known. */
void obstacle_prove(
    struct findings *findings, struct finding *finding, const struct obstacle *obstacle, const struct session *session);

#endif
