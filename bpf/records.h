/*
 * The records of the probes: the one header that the kernel's side and ours share.
 *
 * A record is a head, and `length` bytes behind it. The records of one socket come in the order of its calls; `offset`
 * counts the bytes of its direction from the first that was emitted, so that what was lost shows as a jump. Times are
 * those of CLOCK_MONOTONIC, in nanoseconds.
 */
#ifndef BPF_RECORDS_H
#define BPF_RECORDS_H

enum {
	PROBE_PIECE = 61440, /* most bytes of one record, so that an IP packet could carry them; more come in several */
	PROBE_PORTS = 16,
	PROBE_NAMES = 8, /* of --process */
	PROBE_NAME = 16, /* the kernel's own length of a command's name */
	PROBE_CPUS = 1024,
	PROBE_PATH = 108, /* of a unix socket */
	PROBE_COMMAND_LINE = 128,
	PROBE_GROUPS = 6,  /* the last so many parts of a cgroup's path */
	PROBE_GROUP = 80,  /* bytes of each that are emitted */
	PROBE_CALLS = 512, /* system calls are numbered below this */
};

enum probe_kind {
	PROBE_OPEN = 1, /* from here on this socket is followed; struct probe_open behind the head */
	PROBE_BYTES,    /* that the process read or wrote */
	PROBE_END,      /* of one direction: the peer's (received), or the process's own */
	PROBE_RESET,    /* of both */
	PROBE_GONE,     /* a socket that is no more */
	PROBE_LOG,      /* written to stdout or stderr; `socket` is the descriptor */
	PROBE_TLS,      /* plain bytes that went through SSL_read or SSL_write; `stream` says which */
	PROBE_TLS_NEAR, /* `stream`, of which no socket was known, wrote, and then its thread wrote to `socket` */
	PROBE_TLS_GONE, /* SSL_free */
	PROBE_EXIT,     /* the process ended */
	PROBE_TLS_READ, /* `socket` speaks TLS, and the library that uses it is watched */
	PROBE_MOVED,   /* another process goes on with `socket`, or it speaks TLS now; struct probe_open behind the head
	                */
	PROBE_PASSED,  /* bytes went through `socket` by a call that shows none of them (splice, sendfile) */
	PROBE_RING,    /* bytes went through `socket` by io_uring, which no call shows */
	PROBE_FOREIGN, /* the process makes calls of 32 bits, which are not read; its command (PROBE_NAME bytes) behind
	                */
};

enum probe_flag {
	PROBE_RECEIVED = 1, /* else sent */
	PROBE_UNREAD = 2,   /* the bytes could not be copied: `length` is 0, `offset` goes on with the next record */
	PROBE_INSIDE = 4,   /* TLS: the socket was used inside this very call of the library */
	PROBE_CLIENT = 8,   /* TLS: the process is the client's end */
	PROBE_JOINED = 16,  /* TLS: bytes went through the stream before; in its first record */
};

struct probe_head {
	unsigned long long time;
	unsigned long long socket;  /* its inode; 0: not known */
	unsigned long long stream;  /* TLS: the address of the SSL; else 0 */
	unsigned long long offset;  /* of the first byte */
	unsigned long long arrived; /* when the first of the bytes read had reached the socket; 0: not known */
	unsigned int process;
	unsigned int length;
	unsigned short kind;
	unsigned short flags;
	unsigned int padding;
};

/* A socket and its process. Addresses are in network order, as the kernel keeps them; ports in host order. */
struct probe_open {
	unsigned short family;
	unsigned short local_port, remote_port;
	unsigned char is_client; /* it sent the first request, or its first frame is masked */
	unsigned char is_tls;
	unsigned char is_joined; /* bytes went through it before */
	unsigned char local[16], remote[16];
	unsigned long long peer; /* unix: the other end's inode */
	unsigned short path_length;
	char path[PROBE_PATH]; /* unix: the name that the server's end is bound to; a NUL first: abstract */
	char command[PROBE_NAME];
	char command_line[PROBE_COMMAND_LINE];  /* words end in NUL */
	char groups[PROBE_GROUPS][PROBE_GROUP]; /* the cgroup's own name first, then those above it */
};

/* What is known of a process, a bit each: the values of the map `processes`. */
enum {
	PROCESS_WATCHED = 1, /* by its id or name, or that of one above it */
	PROCESS_SPEAKS = 2,  /* Engine.IO, or TLS */
	PROCESS_TLS = 4,
	PROCESS_MET = 8, /* its TLS libraries are attached to: it is in the cgroup, or uses a port that is watched */
	PROCESS_FOREIGN = 16, /* its calls are of 32 bits */
};

/* What happened to a process that is watched, for whoever attaches to TLS libraries; in a ring of their own. */
enum probe_arrival_kind {
	ARRIVAL_FORK = 1, /* it began */
	ARRIVAL_EXEC,
	ARRIVAL_MET,     /* it uses a port that is watched, or was moved into the cgroup */
	ARRIVAL_LIBRARY, /* it opened a file that is named as TLS libraries are */
	ARRIVAL_TLS,     /* it speaks TLS: its first such socket */
	ARRIVAL_EXIT,
};

struct probe_arrival {
	unsigned int process;
	unsigned int kind;
};

/* How a system call passes bytes. */
enum probe_call {
	CALL_NONE,
	CALL_READ,     /* (fd, buffer, …) */
	CALL_WRITE,    /* (fd, buffer, …) */
	CALL_RECV,     /* the same with flags */
	CALL_READV,    /* (fd, iovec, count) */
	CALL_WRITEV,   /* (fd, iovec, count) */
	CALL_RECVMSG,  /* (fd, msghdr, flags) */
	CALL_SENDMSG,  /* (fd, msghdr, flags) */
	CALL_SENDMMSG, /* (fd, mmsghdr, count, flags) */
	CALL_RECVMMSG, /* the same, and a timeout */
	CALL_SENDFILE, /* (fd, …): counted, not seen */
	CALL_SPLICE,   /* (fd, …, fd, …): counted, not seen */
	CALL_OPEN,     /* (path, …) */
	CALL_OPENAT,   /* (…, path, …) */
	CALL_CLOSE,
	CALL_SHUTDOWN,
};

#endif
