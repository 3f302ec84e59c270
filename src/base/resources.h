/* What the rooms of the protocol stack share: the limits, the memory, and the ledger. All are borrowed. */
#ifndef BASE_RESOURCES_H
#define BASE_RESOURCES_H

#include "base/budget.h"
#include "base/ledger.h"

struct resources {
	const struct limits *limits;
	struct budget *budget;
	struct ledger *ledger;
};

#endif
