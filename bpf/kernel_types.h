/*
 * The kernel's structures, as far as the probes read them. The loader finds each field by its name in the types of the
 * kernel that runs (CO-RE, /sys/kernel/btf/vmlinux): the order and what is left out do not matter, names and kinds do.
 */
#ifndef BPF_KERNEL_TYPES_H
#define BPF_KERNEL_TYPES_H

/* libbpf's headers ask by this name whether struct pt_regs has the kernel's field names (di) or a user's (rdi). */
#define __VMLINUX_H__

#include <linux/bpf.h>
#include <stdbool.h>

#define NULL ((void *)0) /* not from <stddef.h>: its offsetof would not ask the kernel that runs */

/* ---- what user and kernel agree on: the layout is the ABI's */

struct iovec {
	void *iov_base;
	unsigned long iov_len;
};

struct user_msghdr {
	void *msg_name;
	int msg_namelen;
	struct iovec *msg_iov;
	unsigned long msg_iovlen;
	void *msg_control;
	unsigned long msg_controllen;
	unsigned int msg_flags;
};

struct mmsghdr {
	struct user_msghdr msg_hdr;
	unsigned int msg_len;
};

struct in6_addr {
	__u8 bytes[16];
};

struct sockaddr_un {
	__u16 sun_family;
	char sun_path[108];
};

/* arm64: what libbpf's macros read a call's arguments from. */
struct user_pt_regs {
	__u64 regs[31], sp, pc, pstate;
};

/* ---- the kernel's own */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long r14, bp, bx, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, sp;
};
#elif defined(__TARGET_ARCH_arm64)
struct pt_regs {
	__u64 regs[31], sp, pc, pstate, orig_x0;
	__s32 syscallno;
};
#endif

struct inode {
	unsigned short i_mode;
	unsigned long i_ino;
};

struct file {
	struct inode *f_inode;
	void *private_data;
};

struct io_kiocb {
	struct file *file;
	__u8 opcode;
	struct {
		__s32 res;
	} cqe;
};

/* Until Linux 6.12. */
struct file___before_613 {
	struct {
		long counter;
	} f_count;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct mm_struct {
	unsigned long arg_start, arg_end;
};

struct signal_struct {
	struct {
		int counter;
	} live;
};

struct kernfs_node {
	struct kernfs_node *__parent;
	const char *name;
	__u64 id;
};

/* Until Linux 6.14. */
struct kernfs_node___before_615 {
	struct kernfs_node *parent;
};

struct cgroup {
	struct kernfs_node *kn;
	int level;
	struct cgroup *ancestors[1];
};

/* Until Linux 6.0. */
struct cgroup___before_61 {
	int level;
	__u64 ancestor_ids[1];
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct task_struct {
	int tgid;
	char comm[16];
	struct task_struct *group_leader;
	struct mm_struct *mm;
	struct files_struct *files;
	struct signal_struct *signal;
	struct css_set *cgroups;
};

struct sock_common {
	__u32 skc_daddr, skc_rcv_saddr;
	__u16 skc_dport, skc_num, skc_family;
	volatile unsigned char skc_state;
	struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
};

struct socket;

struct sock {
	struct sock_common __sk_common;
	__u16 sk_type, sk_protocol;
	int sk_err;
	__u8 sk_shutdown;
	struct socket *sk_socket;
};

struct socket {
	struct file *file;
	struct sock *sk;
};

struct socket_alloc {
	struct socket socket;
	struct inode vfs_inode;
};

struct unix_address {
	int len;
	struct sockaddr_un name[1];
};

struct unix_sock {
	struct unix_address *addr;
	struct sock *peer;
};

struct tcp_sock {
	__u32 rcv_nxt, copied_seq, write_seq, snd_una;
	__u64 bytes_received, bytes_acked;
};

struct tcp_skb_cb {
	__u32 seq, end_seq;
};

struct sk_buff {
	char cb[48];
};

#pragma clang attribute pop

#endif
