/* What the wire shows of how a Reflex app is deployed: for each setting or patch of it, whether it is in effect. An
 * observer. */
#ifndef REFLEX_DEPLOYMENT_H
#define REFLEX_DEPLOYMENT_H

#include "socketio/observer.h"
#include "view/text_writer.h"

enum deployment_verdict { DEPLOYMENT_UNSEEN, DEPLOYMENT_IN_EFFECT, DEPLOYMENT_NOT_IN_EFFECT };

enum deployment_item {
	DEPLOYMENT_POLLING,   /* the server takes polling */
	DEPLOYMENT_WEBSOCKET, /* the server takes WebSocket */
	DEPLOYMENT_UPGRADE,   /* the server offers the upgrade */
	DEPLOYMENT_CLIENT,    /* pages connect by WebSocket alone */
	DEPLOYMENT_CORS,      /* answers carry Access-Control-Allow-Origin, once */
	DEPLOYMENT_DEFLATE,   /* WebSocket messages are compressed */
	DEPLOYMENT_RETRY,     /* events that meet no environ are tried again */
	DEPLOYMENT_ITEMS,
};

struct deployment {
	struct observer observer;
	bool compares;
	bool reflex; /* a Reflex page was seen: only then is there something to tell */
	enum deployment_verdict verdicts[DEPLOYMENT_ITEMS];
	char why[DEPLOYMENT_ITEMS][96];
	timestamp ping_interval, ping_timeout;
	/* For the retry: updates, and those that came late by whole multiples of its delay. */
	timestamp asked;
	uint64_t answers, late;
};

/* `compares`: states are compared with what a frontend declares. The deployment stays where it is from here on. */
void deployment_init(struct deployment *deployment, bool compares);

const char *deployment_item_name(enum deployment_item item);
const char *deployment_verdict_name(enum deployment_verdict verdict);

/* A row for each item; nothing when no Reflex page was seen. */
void deployment_write(const struct text_writer *writer, const struct deployment *deployment);

#endif
