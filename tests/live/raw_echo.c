/*
 * An echo server without a library, for paths that no framework takes: raw_echo PORT [ADDRESS]. WebSocket alone, one
 * client after the other; Engine.IO and Socket.IO as far as the clients of echo_client.py (direct) need them. Linked
 * statically it has no dynamic symbols; with -DRING it reads and writes by io_uring.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM = 1 << 16 };

/* ---- how bytes pass */

#ifdef RING
#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>

static struct {
	int file;
	unsigned *tail, *mask, *array, *done_head, *done_tail, *done_mask;
	struct io_uring_sqe *asked;
	struct io_uring_cqe *done;
} ring;

static void ring_begin(void)
{
	struct io_uring_params given = {0};
	ring.file = (int)syscall(SYS_io_uring_setup, 8, &given);
	if (ring.file < 0) {
		perror("io_uring_setup");
		exit(3);
	}
	char *asked = mmap(NULL, given.sq_off.array + given.sq_entries * sizeof(unsigned), PROT_READ | PROT_WRITE,
	    MAP_SHARED, ring.file, IORING_OFF_SQ_RING);
	char *done = mmap(NULL, given.cq_off.cqes + given.cq_entries * sizeof *ring.done, PROT_READ | PROT_WRITE,
	    MAP_SHARED, ring.file, IORING_OFF_CQ_RING);
	ring.asked = mmap(NULL, given.sq_entries * sizeof *ring.asked, PROT_READ | PROT_WRITE, MAP_SHARED, ring.file,
	    IORING_OFF_SQES);
	if (asked == MAP_FAILED || done == MAP_FAILED || ring.asked == MAP_FAILED)
		exit(3);
	ring.tail = (unsigned *)(asked + given.sq_off.tail);
	ring.mask = (unsigned *)(asked + given.sq_off.ring_mask);
	ring.array = (unsigned *)(asked + given.sq_off.array);
	ring.done_head = (unsigned *)(done + given.cq_off.head);
	ring.done_tail = (unsigned *)(done + given.cq_off.tail);
	ring.done_mask = (unsigned *)(done + given.cq_off.ring_mask);
	ring.done = (struct io_uring_cqe *)(done + given.cq_off.cqes);
}

static ssize_t ring_pass(uint8_t operation, int file, const void *bytes, size_t len)
{
	unsigned tail = *ring.tail, place = tail & *ring.mask;
	ring.asked[place] = (struct io_uring_sqe){
	    .opcode = operation, .fd = file, .addr = (uint64_t)(uintptr_t)bytes, .len = (uint32_t)len};
	ring.array[place] = place;
	__atomic_store_n(ring.tail, tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring.file, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		return -1;
	unsigned head = *ring.done_head;
	if (head == __atomic_load_n(ring.done_tail, __ATOMIC_ACQUIRE))
		return -1;
	ssize_t result = ring.done[head & *ring.done_mask].res;
	__atomic_store_n(ring.done_head, head + 1, __ATOMIC_RELEASE);
	return result;
}

static ssize_t take(int file, void *bytes, size_t len)
{
	return ring_pass(IORING_OP_RECV, file, bytes, len);
}

static ssize_t give(int file, const void *bytes, size_t len)
{
	return ring_pass(IORING_OP_SEND, file, bytes, len);
}
#else
static void ring_begin(void)
{
}

static ssize_t take(int file, void *bytes, size_t len)
{
	return read(file, bytes, len);
}

static ssize_t give(int file, const void *bytes, size_t len)
{
	return write(file, bytes, len);
}
#endif

/* ---- the key's answer (RFC 6455 §4.2.2): SHA-1 (RFC 3174) of less than 64 bytes twice, in base64 */

static uint32_t turn(uint32_t word, int by)
{
	return word << by | word >> (32 - by);
}

static void digest_block(uint32_t state[5], const uint8_t *block)
{
	uint32_t words[80], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
	for (int i = 0; i < 16; i++)
		words[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
		           (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
	for (int i = 16; i < 80; i++)
		words[i] = turn(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
	for (int i = 0; i < 80; i++) {
		uint32_t mixed = i < 20              ? (b & c) | (~b & d)
		                 : i < 40 || i >= 60 ? b ^ c ^ d
		                                     : (b & c) | (b & d) | (c & d);
		static const uint32_t constants[] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
		uint32_t next = turn(a, 5) + mixed + e + words[i] + constants[i / 20];
		e = d, d = c, c = turn(b, 30), b = a, a = next;
	}
	state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
}

static void accept_key(const char *key, char out[29])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t text[128] = {0}, sum[21] = {0};
	uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
	int len = snprintf((char *)text, sizeof text, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
	text[len] = 0x80;
	text[126] = (uint8_t)(len * 8 >> 8);
	text[127] = (uint8_t)(len * 8);
	digest_block(state, text);
	digest_block(state, text + 64);
	for (int i = 0; i < 20; i++)
		sum[i] = (uint8_t)(state[i / 4] >> (24 - i % 4 * 8));
	for (int i = 0; i < 28; i++) {
		int bit = i * 6;
		uint32_t pair = (uint32_t)sum[bit / 8] << 8 | (bit / 8 < 20 ? sum[bit / 8 + 1] : 0);
		out[i] = digits[pair >> (10 - bit % 8) & 63];
	}
	out[27] = '=';
	out[28] = '\0';
}

/* ---- frames */

static int send_text(int file, const char *text)
{
	uint8_t frame[ROOM + 4] = {0x81};
	size_t len = strlen(text), head = len < 126 ? 2 : 4;
	if (len > ROOM)
		return 0;
	frame[1] = (uint8_t)(len < 126 ? len : 126);
	if (head == 4)
		frame[2] = (uint8_t)(len >> 8), frame[3] = (uint8_t)len;
	memcpy(frame + head, text, len);
	return give(file, frame, head + len) == (ssize_t)(head + len);
}

/* The whole frame's length; 0: more is needed. */
static size_t frame_length(const uint8_t *at, size_t len, size_t *head)
{
	*head = len > 1 && (at[1] & 127) == 126 ? 8 : 6;
	if (len < *head)
		return 0;
	size_t body = *head == 8 ? (size_t)at[2] << 8 | at[3] : at[1] & 127;
	return len < *head + body ? 0 : *head + body;
}

/* "2" is a ping, "40" joins, "42N["echo",X]" is answered by `42["echoed",X]` and `43N["taken"]`. 0: the end. */
static int answer(int file, char *text)
{
	char out[ROOM];
	if (strcmp(text, "2") == 0)
		return send_text(file, "3");
	if (strncmp(text, "40", 2) == 0)
		return send_text(file, "40{\"sid\":\"rawAAAAAAAAAAAAAAAAC\"}");
	if (strncmp(text, "42", 2) != 0)
		return strncmp(text, "41", 2) != 0 && text[0] != '1';
	char *list = strchr(text, '['), *rest = list ? strchr(list, ',') : NULL;
	if (!rest)
		return 0;
	snprintf(out, sizeof out, "42[\"echoed\"%s", rest);
	if (!send_text(file, out))
		return 0;
	snprintf(out, sizeof out, "43%.*s[\"taken\"]", (int)(list - text - 2), text + 2);
	return list == text + 2 || send_text(file, out);
}

static int greet(int file, const char *request)
{
	char key[29], out[512];
	const char *field = strcasestr(request, "\r\nsec-websocket-key:");
	if (!field)
		return 0;
	field += strlen("\r\nsec-websocket-key:");
	accept_key(field + strspn(field, " "), key);
	int len = snprintf(out, sizeof out,
	    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
	    "%s\r\n\r\n",
	    key);
	return give(file, out, (size_t)len) == len &&
	       send_text(file, "0{\"sid\":\"rawAAAAAAAAAAAAAAAAB\",\"upgrades\":[],"
	                       "\"pingInterval\":25000,\"pingTimeout\":20000,"
	                       "\"maxPayload\":1000000}");
}

static void serve(int file)
{
	uint8_t bytes[ROOM + 1];
	size_t len = 0, head, whole;
	ssize_t more;
	do {
		if ((more = take(file, bytes + len, ROOM - len)) <= 0)
			return;
		bytes[len += (size_t)more] = '\0';
	} while (!strstr((char *)bytes, "\r\n\r\n"));
	if (!greet(file, (char *)bytes))
		return;
	for (len = 0; (more = take(file, bytes + len, ROOM - len)) > 0;) {
		len += (size_t)more;
		while ((whole = frame_length(bytes, len, &head)) != 0) {
			char text[ROOM];
			for (size_t i = head; i < whole; i++)
				text[i - head] = (char)(bytes[i] ^ bytes[head - 4 + (i - head) % 4]);
			text[whole - head] = '\0';
			if ((bytes[0] & 15) != 1 || !answer(file, text))
				return;
			memmove(bytes, bytes + whole, len -= whole);
		}
	}
}

int main(int count, char **words)
{
	struct sockaddr_in at = {
	    .sin_family = AF_INET, .sin_addr.s_addr = inet_addr(count > 2 ? words[2] : "127.0.0.1")};
	int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	at.sin_port = htons((uint16_t)atoi(count > 1 ? words[1] : "0"));
	ring_begin();
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(listener, 16) != 0) {
		perror("raw_echo");
		return 1;
	}
	for (int file; (file = accept(listener, NULL, NULL)) >= 0; close(file))
		serve(file);
	return 0;
}
