/* Records out: as long as what they carry, in classes of size; the reader is woken when much has gathered. */
#ifndef BPF_EMIT_H
#define BPF_EMIT_H

#include "state.bpf.h"

/* The reader looks by itself ten times a second: waking it for each record costs the server more than the record. It is
 * woken once, by the record of `size` with which much has gathered; should it be missed, the reader's own look is near.
 */
static __always_inline __u64 emit_wakeup(__u64 size)
{
	enum { HEADER = 8, ROUNDING = 8 }; /* of the ring buffer's records */
	size += HEADER + ROUNDING;
	__u64 gathered = bpf_ringbuf_query(&records, BPF_RB_AVAIL_DATA);
	return gathered > ring_share && gathered - size <= ring_share ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}

/* The last share of the ring is kept for records without bytes: what they say (a socket's end) nothing else says, while
 * bytes that are lost are missed by the offset of the next. */
static __always_inline bool emit_has_room(__u64 size)
{
	return bpf_ringbuf_query(&records, BPF_RB_AVAIL_DATA) + size + ring_share <= ring_size;
}

static __always_inline void emit_lost(void)
{
	__u32 cpu = bpf_get_smp_processor_id();
	if (cpu < PROBE_CPUS)
		lost[cpu]++;
}

/* A record with room for so many bytes; false: there was none. Each is a function of its own, for the compiler would
 * share what they have in common, and the verifier could not follow the size any more. The clamp is in assembler, for
 * the compiler knows that it is not needed, and the verifier does not. */
#define EMIT_SIZED(ROOM)                                                                             \
	static __noinline bool emit_##ROOM(const struct probe_head *head, __u64 from, __u32 length)  \
	{                                                                                            \
		__u64 bounded = length;                                                              \
		struct probe_head *record = bpf_ringbuf_reserve(&records, sizeof *record + ROOM, 0); \
		if (!record) {                                                                       \
			emit_lost();                                                                 \
			return false;                                                                \
		}                                                                                    \
		*record = *head;                                                                     \
		asm volatile("if %[length] <= %[room] goto +1\n %[length] = %[room]"                 \
		             : [length] "+r"(bounded)                                                \
		             : [room] "i"(ROOM));                                                    \
		record->length = bounded;                                                            \
		if (bounded && bpf_probe_read_user(record + 1, bounded, (void *)from) != 0) {        \
			record->length = 0;                                                          \
			record->flags |= PROBE_UNREAD;                                               \
		}                                                                                    \
		bpf_ringbuf_submit(record, emit_wakeup(sizeof *record + ROOM));                      \
		return true;                                                                         \
	}

EMIT_SIZED(64)
EMIT_SIZED(160)
EMIT_SIZED(384)
EMIT_SIZED(1024)
EMIT_SIZED(4096)
EMIT_SIZED(16384)
EMIT_SIZED(61440)

/* One record with `length` bytes of the process's memory; at most PROBE_PIECE. */
static __noinline bool emit(const struct probe_head *head, __u64 from, __u32 length)
{
	if (length && !emit_has_room(length)) {
		emit_lost();
		return false;
	}
	if (length <= 64)
		return emit_64(head, from, length);
	if (length <= 160)
		return emit_160(head, from, length);
	if (length <= 384)
		return emit_384(head, from, length);
	if (length <= 1024)
		return emit_1024(head, from, length);
	if (length <= 4096)
		return emit_4096(head, from, length);
	if (length <= 16384)
		return emit_16384(head, from, length);
	return emit_61440(head, from, length);
}

#endif
