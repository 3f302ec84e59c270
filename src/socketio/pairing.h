/* Which event answers which, where the protocol itself does not say (it does for acks): a plug-in's knowledge of its
 * application, beside the timeline. */
#ifndef SOCKETIO_PAIRING_H
#define SOCKETIO_PAIRING_H

#include "socketio/observer.h"

struct pairing {
	/* `pair(self, question, answer)` is called with indices of events, while the answer is being observed. NULL: no
	 * memory. */
	void *(*new)(void (*pair)(void *self, uint64_t question, uint64_t answer), void *self);
	void (*free)(void *pairs);
	const struct observer *(*observer)(const void *pairs);
	uint64_t (*refused)(const void *pairs); /* how often memory was refused: so many pairs or more are missing */
};

#endif
