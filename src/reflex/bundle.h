/* The facts of a `.web` folder that matter when it is shipped (reference/reflex.md §9): what it holds, what breaks on
 * the way, and whether its parts fit. No judgement here. */
#ifndef REFLEX_BUNDLE_H
#define REFLEX_BUNDLE_H

#include "reflex/frontend.h"

enum { BUNDLE_ENTRIES = 2000000, BUNDLE_EXAMPLES = 5 };

struct bundle_count {
	uint64_t files, folders, links;
	uint64_t bytes;      /* of the files */
	uint64_t path_bytes; /* of all files' and links' paths below the folder */
};

struct bundle_link {
	char *below;  /* where it stands */
	char *target; /* as it is written; NULL when it could not be read */
	bool broken;  /* leads to nothing */
	bool outside; /* leads out of the folder */
};

struct bundle {
	struct bundle_count all;
	struct bundle_count packages; /* below a node_modules */
	struct bundle_count served;   /* build/client, or _static: all that a page needs */
	uint64_t broken_links, outside_links, absolute_links;
	struct bundle_link examples[BUNDLE_EXAMPLES]; /* the first links */
	size_t example_count;
	uint64_t unreadable;
	bool cut;                    /* there are more than BUNDLE_ENTRIES */
	bool has_index;              /* the served folder has an index.html */
	bool has_packages_list;      /* package.json */
	struct slice client_version; /* of socket.io-client, as package.json wants it; lent by `memory` */
	struct arena memory;
	struct frontend frontend;
	bool lacked_memory; /* after bundle_inspect failed: for this reason */
};

/* False when `path` is no folder that can be read, or when memory was refused. Nothing needs to be freed then. */
bool bundle_inspect(struct bundle *bundle, const char *path);
void bundle_free(struct bundle *bundle);

/* What one command line takes that names all files and links of the count, each with `prefix` bytes before its path
 * (0: relative): the strings with their ends, and a pointer for each. To be compared with bundle_argument_limit() less
 * the environment, or with BUNDLE_MACOS_ARGUMENTS. */
uint64_t bundle_argument_bytes(const struct bundle_count *count, size_t prefix);
uint64_t bundle_argument_limit(void);
enum { BUNDLE_MACOS_ARGUMENTS = 1024 * 1024 };

/* The context's file is newer than every built script: the build does not know it. The other way round proves nothing,
 * copying sets times anew; compare the manifests. */
bool bundle_build_is_older(const struct bundle *bundle);

#endif
