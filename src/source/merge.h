/* Several sources as one, merged by time. */
#ifndef SOURCE_MERGE_H
#define SOURCE_MERGE_H

#include "source/source.h"

/* Takes over the `count` sources (also when it fails). Packets of equal time come in the order of the sources. With one
 * source its own packet numbers stand; with several, packets are numbered anew in the order of time, as mergecap would
 * write them. A source that ends cut or failed ends alone; its `why` is told at the end, the first such one wins. NULL:
 * no memory. */
struct source *merge_open(struct source **sources, size_t count);

#endif
