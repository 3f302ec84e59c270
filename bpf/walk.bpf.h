/* The memory that a call names: its pieces, the first bytes of them, and all of them as records. */
#ifndef BPF_WALK_H
#define BPF_WALK_H

#include "emit.bpf.h"
#include "first_request.bpf.h"

/* CALL_PIECES: the kernel's own limit of a call (UIO_MAXIOV), of struct iovec and of messages. */
enum { WALK_STEPS = 40, CALL_PIECES = 1024, CALL_STEPS = CALL_PIECES + 64, GATHER_STEPS = 256 };

#if defined(__TARGET_ARCH_x86)
#define CALL_NUMBER(regs) ((regs)->orig_ax)
#define CALL_FIRST(regs) ((regs)->di)
#define CALL_SECOND(regs) ((regs)->si)
#define CALL_THIRD(regs) ((regs)->dx)
#define CALL_FOURTH(regs) ((regs)->r10)
/* A call of a 32-bit process: its numbers mean others. */
#define CALL_IS_FOREIGN(regs) ((regs)->cs == 0x23)
#elif defined(__TARGET_ARCH_arm64)
#define CALL_NUMBER(regs) ((regs)->syscallno)
#define CALL_FIRST(regs) ((regs)->orig_x0)
#define CALL_SECOND(regs) ((regs)->regs[1])
#define CALL_THIRD(regs) ((regs)->regs[2])
#define CALL_FOURTH(regs) ((regs)->regs[3])
#define CALL_IS_FOREIGN(regs) ((regs)->pstate & 0x10)
#endif

/* ---- pieces */

static __always_inline void walk_message(struct walk *walk, __u64 message)
{
	struct user_msghdr header = {};
	bpf_probe_read_user(&header, sizeof header, (void *)message);
	walk->vector = (__u64)header.msg_iov;
	walk->vectors = header.msg_iovlen;
}

/* sendmmsg and recvmmsg return how many messages went, each says how much of it. A global function, as walk_step. */
__attribute__((noinline)) __u64 walk_sum(__u64 message, __u32 messages)
{
	__u64 sum = 0;
	for (__u32 i = 0; i < CALL_PIECES && i < messages; i++) {
		struct mmsghdr header = {};
		bpf_probe_read_user(&header, sizeof header, (void *)(message + i * sizeof header));
		sum += header.msg_len;
	}
	return sum;
}

static __always_inline void walk_begin(struct walk *walk, __u8 call, const struct pt_regs *regs, __u64 length)
{
	walk->left = length;
	if (call == CALL_READV || call == CALL_WRITEV) {
		walk->vector = CALL_SECOND(regs);
		walk->vectors = CALL_THIRD(regs);
	} else if (call == CALL_RECVMSG || call == CALL_SENDMSG) {
		walk_message(walk, CALL_SECOND(regs));
	} else if (call == CALL_SENDMMSG || call == CALL_RECVMMSG) {
		walk->message = CALL_SECOND(regs);
		walk->messages = length;
		walk->left = walk_sum(walk->message, length);
	} else {
		walk->at = CALL_SECOND(regs);
		walk->here = length;
	}
}

/* The next piece that is not empty; false at the end. */
static __always_inline bool walk_next(struct walk *walk)
{
	struct iovec vector = {};
	if (walk->here)
		return true;
	if (!walk->vectors && walk->messages) {
		walk_message(walk, walk->message);
		walk->message += sizeof(struct mmsghdr);
		walk->messages--;
	}
	if (!walk->vectors)
		return false;
	bpf_probe_read_user(&vector, sizeof vector, (void *)walk->vector);
	walk->vector += sizeof vector;
	walk->vectors--;
	walk->at = (__u64)vector.iov_base;
	walk->here = vector.iov_len;
	return true;
}

/* The first bytes of it, without going on: what they are judged by. */
static __always_inline int walk_look(struct walk *walk)
{
	for (int i = 0; i < 4 && !walk->here && (walk->vectors || walk->messages); i++)
		walk_next(walk);
	__u64 length = walk->here < walk->left ? walk->here : walk->left;
	return first_look(walk->at, length > FIRST_LOOK ? FIRST_LOOK : length);
}

static __always_inline __u64 walk_length(const struct walk *walk)
{
	return walk->here < walk->left ? walk->here : walk->left;
}

static __always_inline void walk_advance(struct walk *walk, __u64 length)
{
	walk->at += length;
	walk->here -= length;
	walk->left -= length;
}

/* The present piece, or as much of it as a record takes. */
static __always_inline void walk_emit_piece(struct emission *emission)
{
	__u64 length = walk_length(&emission->walk);
	if (length > PROBE_PIECE)
		length = PROBE_PIECE;
	emit(&emission->head, emission->walk.at, length);
	emission->head.offset += length;
	walk_advance(&emission->walk, length);
}

/* Copies the present piece behind those that are gathered. False: there is no room. The clamps are in assembler as in
 * emit.bpf.h. A piece that cannot be copied ends the record: what its offset promises is missed from there on. */
static __always_inline bool gather_piece(struct gathered *gathered, struct walk *walk)
{
	__u64 used = gathered->head.length, length = walk_length(walk);
	if (used > GATHER_ROOM || length > GATHER_PIECE)
		return false;
	asm volatile("if %[used] <= %[room] goto +1\n %[used] = %[room]" : [used] "+r"(used) : [room] "i"(GATHER_ROOM));
	asm volatile("if %[length] <= %[piece] goto +1\n %[length] = %[piece]"
	             : [length] "+r"(length)
	             : [piece] "i"(GATHER_PIECE));
	if (length && bpf_probe_read_user(gathered->bytes + used, length, (void *)walk->at) != 0)
		return false;
	gathered->head.length = used + length;
	walk_advance(walk, length);
	return true;
}

/* Small pieces in one record: libuv and others pass hundreds of them in a call. */
static __always_inline void walk_gather(struct emission *emission, struct gathered *gathered)
{
	struct walk *walk = &emission->walk;
	gathered->head = emission->head;
	gathered->head.length = 0;
	for (int i = 0; i < GATHER_STEPS && walk->left; i++)
		if (!walk_next(walk) || !gather_piece(gathered, walk))
			break;
	__u64 size = gathered->head.length;
	if (!size) { /* the first cannot be copied */
		walk_emit_piece(emission);
		return;
	}
	emission->head.offset += size;
	size += sizeof gathered->head;
	asm volatile("if %[size] <= %[room] goto +1\n %[size] = %[room]"
	             : [size] "+r"(size)
	             : [room] "i"(sizeof *gathered));
	if (!emit_has_room(size) || bpf_ringbuf_output(&records, gathered, size, emit_wakeup(size)) != 0)
		emit_lost();
}

/* The next record of the call. 0: there is none. A global function: the verifier looks at it once, not at each turn. */
__attribute__((noinline)) int walk_step(void)
{
	__u32 first = 0;
	struct emission *emission = bpf_map_lookup_elem(&place, &first);
	struct gathered *gathered = bpf_map_lookup_elem(&gathering, &first);
	if (!emission || !gathered || !emission->walk.left || !walk_next(&emission->walk))
		return 0;
	__u64 length = walk_length(&emission->walk);
	if (length <= GATHER_PIECE && length < emission->walk.left)
		walk_gather(emission, gathered);
	else
		walk_emit_piece(emission);
	return 1;
}

#endif
