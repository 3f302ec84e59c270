/* What clang-tidy and cppcheck read in the place of <uthash.h>: the same tables as mere lists. They cannot follow its
 * buckets, and take each HASH_DEL for a leak or a use after free; through these they see who owns what. */
#ifndef MODEL_UTHASH_H
#define MODEL_UTHASH_H

#include <stddef.h>
#include <string.h>

typedef struct UT_hash_handle {
	void *next;
	const void *key;
	unsigned keylen;
	const void *tbl; /* NULL: there was no memory to add it */
} UT_hash_handle;        /* NOLINT(readability-identifier-naming): uthash's name */

#define HASH_FIND(hh, head, wanted, length, out)                                                           \
	do {                                                                                               \
		(out) = (head);                                                                            \
		if ((out) && ((out)->hh.keylen != (length) || memcmp((out)->hh.key, wanted, length) != 0)) \
			(out) = NULL; /* what is found stands first */                                     \
	} while (0)
#define HASH_FIND_BYHASHVALUE(hh, head, wanted, length, hash, out) \
	do {                                                       \
		(void)(hash);                                      \
		HASH_FIND(hh, head, wanted, length, out);          \
	} while (0)
#define HASH_FIND_STR(head, wanted, out) HASH_FIND(hh, head, wanted, (unsigned)strlen(wanted), out)

#define HASH_ADD_KEYPTR(hh, head, name, length, add)   \
	do {                                           \
		(add)->hh.next = (head);               \
		(add)->hh.key = (name);                \
		(add)->hh.keylen = (unsigned)(length); \
		(add)->hh.tbl = (add);                 \
		(head) = (add);                        \
	} while (0)
#define HASH_ADD(hh, head, field, length, add) HASH_ADD_KEYPTR(hh, head, &(add)->field, length, add)
#define HASH_ADD_BYHASHVALUE(hh, head, field, length, hash, add) \
	do {                                                     \
		(void)(hash);                                    \
		HASH_ADD(hh, head, field, length, add);          \
	} while (0)
#define HASH_ADD_STR(head, field, add) HASH_ADD_KEYPTR(hh, head, (add)->field, strlen((add)->field), add)

#define HASH_DELETE(hh, head, delete)                                                                           \
	do {                                                                                                    \
		void **model_link = (void **)&(head);                                                           \
		if ((head) == (delete))                                                                         \
			*model_link = (delete)->hh.next;                                                        \
		else                                                                                            \
			(delete)->hh.keylen = 0; /* elsewhere in the list, which an analyzer need not follow */ \
	} while (0)
#define HASH_DEL(head, delete) HASH_DELETE(hh, head, delete)

#define HASH_ITER(hh, head, each, after)                                         \
	for ((each) = (head), (after) = (each) ? (each)->hh.next : NULL; (each); \
	     (each) = (after), (after) = (each) ? (each)->hh.next : NULL)
#define HASH_COUNT(head) ((head) ? 1U : 0U)
#define HASH_CLEAR(hh, head) ((head) = NULL)

#endif
