/* Several sources as one, merged by time. */
#ifndef SOURCE_MERGE_H
#define SOURCE_MERGE_H

#include "source/source.h"

enum { MERGE_HOLD = 100 }; /* milliseconds: twice what a live source may be late */

/* Takes over the `count` sources (also when it fails). Packets of equal time come in the order of the sources. With one
 * source its own packet numbers stand; with several, packets are numbered anew in the order of time, as mergecap would
 * write them. Of live sources a packet is held back for MERGE_HOLD, as long as another source may still have an earlier
 * one. A source that ends cut or failed ends alone; its `why` is told at the end, the first such one wins. NULL:
 * no memory. */
struct source *merge_open(struct source **sources, size_t count);

#endif
