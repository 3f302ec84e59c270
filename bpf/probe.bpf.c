/* The probes: one object, from what each part below holds. Kernels from 5.10 on, with BTF. */
#include "calls.bpf.h"
#include "first.bpf.h"
#include "life.bpf.h"
#include "records.h"
#include "socket.bpf.h"
#include "state.bpf.h"
#include "tell.bpf.h"
#include "tls.bpf.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";
